/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

/** What the audio thread offers; TypeScript's own libraries do not describe it. */
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
  abstract process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}

declare function registerProcessor(name: string, type: new () => AudioWorkletProcessor): void;
