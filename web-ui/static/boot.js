import start from "/editor.js";
await start({ module_or_path: "/editor.wasm" });
