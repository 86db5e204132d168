//! The figures of a request as a data point of Analytics Engine.
//!
//! 1. `blob1`, `blob2` and so on are the log line's texts in their order, `double1` and so on its
//!    numbers. A column means the same for ever, so new ones go to the end.
//! 2. The index is the route: the platform keeps about the same number of points for each index
//!    value, so a busy route does not crowd out a quiet one, and questions are asked by route.
//! 3. What is not known is an empty text, or 0.

use super::bytes::decimal;
use super::json::quoted;
use super::log::LogLine;

/// The most bytes of an index (Analytics Engine, "Limits").
const INDEX_BYTES: usize = 96;

/// The data point, as the JSON of what `writeDataPoint` takes.
pub fn point(entry: &LogLine) -> String {
    let mut point = ["{\"indexes\":[", &quoted(index(entry.route)), "],\"blobs\":["].concat();
    for (at, (_, text)) in entry.texts().into_iter().enumerate() {
        point.push_str(if at == 0 { "" } else { "," });
        point.push_str(&quoted(text.unwrap_or_default()));
    }
    point.push_str("],\"doubles\":[");
    for (at, (_, number)) in entry.numbers().into_iter().enumerate() {
        point.push_str(if at == 0 { "" } else { "," });
        point.push_str(&decimal(number.unwrap_or_default()));
    }
    point.push_str("]}");
    point
}

/// The platform drops a point whose index is too long. A pattern is ASCII, so it can be cut.
fn index(route: &str) -> &str {
    route.get(..INDEX_BYTES).unwrap_or(route)
}
