//! What something hostile got, by its shape.

use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Default)]
pub struct Tally {
    shapes: BTreeMap<&'static str, Shape>,
}

#[derive(Default)]
struct Shape {
    outcomes: BTreeMap<String, u64>,
    slowest: Duration,
}

impl Tally {
    pub fn note(&mut self, shape: &'static str, outcome: String, took: Duration) {
        let shape = self.shapes.entry(shape).or_default();
        *shape.outcomes.entry(outcome).or_default() += 1;
        shape.slowest = shape.slowest.max(took);
    }

    pub fn count(&mut self, shape: &'static str, outcome: String) {
        self.note(shape, outcome, Duration::ZERO);
    }

    pub fn into_json(self, seconds: f64) -> String {
        let shapes: Vec<String> = self.shapes.into_iter().map(Shape::into_json).collect();
        format!(r#"{{"seconds":{seconds:.3},"shapes":{{{}}}}}"#, shapes.join(","))
    }
}

impl Shape {
    fn into_json((name, Self { outcomes, slowest }): (&str, Self)) -> String {
        let outcomes: Vec<String> =
            outcomes.iter().map(|(outcome, count)| format!("{outcome:?}:{count}")).collect();
        let slowest = slowest.as_millis();
        format!(r#""{name}":{{"slowest_ms":{slowest},"outcomes":{{{}}}}}"#, outcomes.join(","))
    }
}
