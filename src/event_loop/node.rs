//! Whether the program is Node, running on its own libuv.

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, Result};

/// Programs that run Node's addons on another event loop. Bun claims to be Node in every Node-API call, names
/// a version of libuv, and exports libuv's functions, which abort.
const OTHERS: [&str; 2] = ["bun", "deno"];

/// Whether the event loop is Node's, on libuv 1, whose functions are known. Electron's is.
pub fn is_node(env: &Env) -> bool {
    is_release_of_node(env) && has_libuv_1(env).unwrap_or(false)
}

fn is_release_of_node(env: &Env) -> bool {
    env.get_node_version().is_ok_and(|version| version.release == "node")
}

fn has_libuv_1(env: &Env) -> Result<bool> {
    let process: Object<'_> = env.get_global()?.get_named_property("process")?;
    let versions: Object<'_> = process.get_named_property("versions")?;
    for name in OTHERS {
        if versions.has_named_property(name)? {
            return Ok(false);
        }
    }
    let uv: Option<String> = versions.get("uv")?;
    Ok(uv.is_some_and(|version| major(&version) == Some(1)))
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}
