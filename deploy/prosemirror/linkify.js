// Not asked for by the editor: an address becomes a link only where somebody makes it one.
export default class LinkifyIt {}
