//! Declares the commands the window may be granted; every other command is unknown to the access list.

use tauri_build::{AppManifest, Attributes};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The UI is embedded: without this line a file new in the built UI would be missed until the next change here.
    println!("cargo:rerun-if-changed=../ui/dist");
    let commands = AppManifest::new().commands(&["rpc", "rpc_stream"]);
    tauri_build::try_build(Attributes::new().app_manifest(commands))?;
    Ok(())
}
