"""Units: the tree with its history, its pages, and the acts that reorganise it."""
