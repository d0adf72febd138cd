/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

/**
 * @file A worker: makes one picture smaller. Browsers decode off the page's own thread, but some
 * resize on it, and a hundred megapixels would hold it up for seconds.
 */

addEventListener("message", async ({ data: { source, options } }) => {
  try {
    const picture = await createImageBitmap(source, options);
    postMessage({ picture }, { transfer: [picture] });
  } catch (error) {
    postMessage({ problem: String(error) });
  }
});
