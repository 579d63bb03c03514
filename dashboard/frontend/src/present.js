/** The script of the Present page, apart from that of map and lab: built to ../components/present.js. */

import { Deck } from "./deck.js";
import { mounted } from "./mounted.js";

export default mounted((parent) => new Deck(parent));
