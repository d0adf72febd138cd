// Calls of a WebAssembly module: node wasm_module.mjs MODULE < JSON > JSON
//
// {"call": name, "arguments": [...]} gives the result; {"write": where, "base64": data} null;
// {"read": where, "bytes": n} base64. An address is a number, or a call that gives it.
import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const facts = { imports: WebAssembly.Module.imports(module).map(({ name }) => name) };
const { exports } = new WebAssembly.Instance(module, {});

function call({ call: name, arguments: values = [] }) {
  return exports[name](...values) ?? null;
}

function address(where) {
  return (typeof where === "number" ? where : call(where)) >>> 0;
}

const results = JSON.parse(readFileSync(0, "utf8")).map((step) => {
  if ("call" in step) {
    return call(step);
  }
  if ("write" in step) {
    const data = Buffer.from(step.base64, "base64");
    const where = address(step.write);
    new Uint8Array(exports.memory.buffer, where, data.length).set(data);
    return null;
  }
  return Buffer.from(exports.memory.buffer, address(step.read), step.bytes).toString("base64");
});
facts.memory = exports.memory.buffer.byteLength;
process.stdout.write(JSON.stringify({ facts, results }));
