// Runs calls of a published client that is installed elsewhere, and prints what each came to.
//
//     node talk.mjs <directory with node_modules> <package> < script.json
//
// The script: {"client": class name, "arguments": [...], "calls": [[method, ...arguments], ...]}

import { readFile } from "node:fs/promises";
import path from "node:path";
import { stdin, stdout, argv } from "node:process";
import { pathToFileURL } from "node:url";

const [, , directory, name] = argv;

async function load() {
  const home = path.join(directory, "node_modules", name);
  const described = JSON.parse(await readFile(path.join(home, "package.json"), "utf8"));
  return import(pathToFileURL(path.join(home, described.exports["."].import)));
}

async function read() {
  let text = "";
  for await (const piece of stdin) text += piece;
  return JSON.parse(text);
}

async function attempt(act) {
  try {
    return { ok: await act() };
  } catch (error) {
    return { error: error.message, data: error.data };
  }
}

const script = await read();
const found = await load();
const results = [];
const made = await attempt(() => new found[script.client](...script.arguments));
for (const [method, ...given] of made.ok ? script.calls : []) {
  results.push(await attempt(() => made.ok[method](...given)));
}
stdout.write(JSON.stringify({ made: made.error ?? "", results }));
