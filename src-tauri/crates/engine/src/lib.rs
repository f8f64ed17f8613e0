//! Runs turns: plan → hold → attempt → decode → commit → show → settle.

pub mod frame;
