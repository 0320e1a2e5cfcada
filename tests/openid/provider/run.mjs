// A certified OpenID provider (oidc-provider) on loopback: `node run.mjs SETTINGS`, where SETTINGS is JSON with our
// `client` and its `people`: claims by login. Prints its address, and ends when its input closes.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The packages lie in a cache outside of the source tree.
const { default: Provider } = createRequire(pathToFileURL(`${process.env.OPENID_HOME}/`))("oidc-provider");
const { client, people } = JSON.parse(process.argv[2]);
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [client],
    claims: {
      openid: ["sub"], profile: ["name"], email: ["email", "email_verified"],
      phone: ["phone_number", "phone_number_verified"], identity: ["citizen_id"],
    },
    scopes: ["openid", "profile", "email", "phone", "identity"],
    pkce: { required: () => true },
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people[id] }) }),
    cookies: { keys: ["of-tests"] },
  });
  server.on("request", provider.callback());
  process.stdout.write(`${issuer}\n`);
});
process.stdin.on("end", () => process.exit(0)).resume();
