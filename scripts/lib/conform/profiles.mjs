// The rules that an implementation can be held to. A profile has
// - `spelling`, how its clients write a key; `form` where its bodies are forms; `headers()`, what it
//   demands of each request beside the key, which --header overrides;
// - `malformed`, which texts are no keys to it;
// - `checks`: an id, a level, the exchange that shows it, who judges it, and the sentence that it rests on.
//
// A check is a `must` where the text says so, and wherever its failing means that an operation is carried
// out twice, or not at all, or that one caller sees another's; a `should` where the text says how an answer
// ought to look; a `may` where either is right and a client wants to know. A `note` says where a level is
// another than the text's.
import { acp } from "./profiles/acp.mjs";
import { draft } from "./profiles/draft.mjs";
import { stripe } from "./profiles/stripe.mjs";
import { ucp } from "./profiles/ucp.mjs";

export const PROFILES = { draft, stripe, acp, ucp };
