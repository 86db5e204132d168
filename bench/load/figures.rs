//! What the clients of a run saw.

use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone, Default)]
pub struct Figures {
    /// Of each answer, in microseconds.
    latencies: Vec<u32>,
    statuses: BTreeMap<String, u64>,
    replayed: u64,
}

impl Figures {
    pub fn note(&mut self, latency: Duration, status: &str, replayed: bool) {
        self.latencies.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
        match self.statuses.get_mut(status) {
            Some(count) => *count += 1,
            None => drop(self.statuses.insert(status.to_owned(), 1)),
        }
        self.replayed += u64::from(replayed);
    }

    pub fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.replayed += other.replayed;
    }

    pub fn into_json(mut self, seconds: f64) -> String {
        self.latencies.sort_unstable();
        let statuses: Vec<String> =
            self.statuses.iter().map(|(status, count)| format!("\"{status}\":{count}")).collect();
        format!(
            r#"{{"requests":{},"seconds":{seconds:.6},"p50_us":{},"p99_us":{},"slowest_us":{},"replayed":{},"statuses":{{{}}}}}"#,
            self.latencies.len(),
            self.percentile(50),
            self.percentile(99),
            self.percentile(100),
            self.replayed,
            statuses.join(",")
        )
    }

    /// The latency that this many of a hundred answers kept to; the latencies are in order.
    fn percentile(&self, percent: usize) -> u32 {
        let place = (self.latencies.len() * percent).div_ceil(100).saturating_sub(1);
        self.latencies.get(place).copied().unwrap_or_default()
    }
}
