// The page of the second tab.

import { serveAsSecondPage } from "./second-page.js";

const status = document.getElementById("status");
await serveAsSecondPage((sent) => (status.textContent = `${sent} requests sent for the first tab.`));
status.textContent = "Ready. Run scene 3 in the first tab.";
