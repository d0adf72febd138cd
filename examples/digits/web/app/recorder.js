/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */
/* global AudioWorkletProcessor, registerProcessor */

/** Runs on the audio thread: sends what the microphone gives, as one channel, block by block. */
class Recorder extends AudioWorkletProcessor {
  /**
   * @param {Float32Array[][]} inputs
   * @returns {boolean} whether to go on
   */
  process([channels = []]) {
    const [first, ...others] = channels;
    if (first) {
      const block = first.slice();
      for (const other of others) {
        other.forEach((sample, index) => {
          block[index] = (block[index] ?? 0) + sample;
        });
      }
      const count = channels.length;
      this.port.postMessage(count > 1 ? block.map((sample) => sample / count) : block);
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
