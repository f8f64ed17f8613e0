//! Frames fold to the view they describe. The window's fold is tested on the same files, so the two cannot
//! drift apart.
#![allow(clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use engine::{
    apply_frame,
    frame::{TurnFrame, TurnView},
};
use serde_json::Value;
use std::{fs, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/frames"))
}

fn view(vector: &Value, name: &str) -> TurnView {
    serde_json::from_value(vector[name].clone())
        .unwrap_or_else(|e| panic!("{}: {name}: {e}", vector["about"]))
}

fn frames(vector: &Value) -> Vec<TurnFrame> {
    serde_json::from_value(vector["frames"].clone()).unwrap_or_else(|e| panic!("{}: {e}", vector["about"]))
}

#[test]
fn frames_fold_to_the_expected_view() {
    let mut count = 0;
    for file in fs::read_dir(folder()).expect("the folder of vectors") {
        let path = file.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a readable file");
        let vector: Value = serde_json::from_str(&text).expect("JSON");
        let mut folded = view(&vector, "start");
        for frame in frames(&vector) {
            assert_eq!(frame.seq, folded.seq + 1, "{}: a hole in the vector itself", path.display());
            apply_frame(&mut folded, &frame);
        }
        assert_eq!(folded, view(&vector, "end"), "{}: {}", path.display(), vector["about"]);
        count += 1;
    }
    assert!(count >= 6, "{count} vectors in {}", folder().display());
}

#[test]
fn a_view_and_a_frame_survive_their_journey() {
    let text = fs::read_to_string(folder().join("reasoning-then-answer.json")).expect("a vector");
    let written: Value = serde_json::from_str(&text).expect("JSON");
    for name in ["start", "end"] {
        let again = serde_json::to_value(view(&written, name)).expect("JSON");
        assert_eq!(again, written[name], "{name}: written as it is read");
    }
    assert_eq!(serde_json::to_value(frames(&written)).expect("JSON"), written["frames"]);
}
