//! Nothing: what is here is the proof `cargo xtask prove gateway`, a package of its own so that it is built in a
//! minute and not with everything that it measures.
