//! `cargo run -p parallax-api --features ts --example bindings -- FOLDER` writes the TypeScript twins.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("which folder?")?;
    api::bindings::write(std::path::Path::new(&folder))?;
    Ok(())
}
