// Has cdktf load what converts HCL and other languages when it is used, which is never here: that
// is half of the time that cdktf takes to start. For `node --require`.
"use strict";

const Module = require("module");

const CONVERTERS = ["@cdktf/hcl2cdk", "@cdktf/hcl2json", "@cdktf/hcl-tools",
  "@cdktf/provider-generator", "jsii-pacmak", "jsii-rosetta"];
const load = Module._load;

Module._load = (name, ...caller) =>
  CONVERTERS.includes(name) ? late(() => load(name, ...caller)) : load(name, ...caller);

// Of its own it has no properties, or whoever copies them would load the module to know which.
function late(loaded) {
  let module;
  const get = (_, name) => (name === "__esModule" ? true : (module ??= loaded())[name]);
  return Object.create(new Proxy({}, { get }));
}
