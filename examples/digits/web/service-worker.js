/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

import { start } from "./edgegen/pwa/service-worker-core.js";

// It could be told to leave requests alone, or pages as the host sends them:
// start({ skip: ["api/"], isolate: false });
start();
