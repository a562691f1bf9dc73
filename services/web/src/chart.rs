//! What was sold and held over time, as an SVG that takes its colours and its font from the page.

use std::fmt;

use askama::filters::HtmlSafe;
use chrono::{DateTime, TimeDelta, Utc};
use plotters::{prelude::*, style::RGBColor};
use ticketing_contracts::{api::orders::SalesPoint, time::to_text};

use crate::{text::Text, visit::Language};

/// Colours that stand for classes of `static/app.css`, which they are replaced by: a style sheet can give
/// two themes to a class.
const CLASSES: [(RGBColor, &str); 7] = [
    (SOLD, "chart-sold"),
    (HELD, "chart-held"),
    (SOLD_AREA, "chart-sold-area"),
    (HELD_AREA, "chart-held-area"),
    (GRID, "chart-grid"),
    (AXIS, "chart-axis"),
    (LABEL, "chart-label"),
];
const SOLD: RGBColor = RGBColor(1, 0, 0);
const HELD: RGBColor = RGBColor(2, 0, 0);
const SOLD_AREA: RGBColor = RGBColor(3, 0, 0);
const HELD_AREA: RGBColor = RGBColor(4, 0, 0);
const GRID: RGBColor = RGBColor(5, 0, 0);
const AXIS: RGBColor = RGBColor(6, 0, 0);
const LABEL: RGBColor = RGBColor(7, 0, 0);

/// Stands around the moment of a label until the label is written. No number has it.
const MARK: char = '@';

/// How far apart the labels of the time axis may be, in minutes.
const STEPS: [i64; 14] = [
    1, 5, 15, 30, 60, 180, 360, 720, 1_440, 2_880, 10_080, 20_160, 43_200, 129_600,
];
const DAY: i64 = 1_440;

/// The chart, in two sizes: letters that fit a desk would be too small on a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart(String);

struct Size {
    class: &'static str,
    pixels: (u32, u32),
    /// The most labels of the time axis.
    labels: i64,
}

const WIDE: Size = Size {
    class: "chart-wide",
    pixels: (800, 300),
    labels: 7,
};
const NARROW: Size = Size {
    class: "chart-narrow",
    pixels: (340, 250),
    labels: 4,
};

impl Chart {
    /// That of a series from the first order on; `None` before there is one.
    #[must_use]
    pub fn of(language: Language, series: &[SalesPoint]) -> Option<Self> {
        let points = Points::of(series)?;
        let draw = |size| draw(&points, size, Text::new(language));
        match (draw(&WIDE), draw(&NARROW)) {
            (Ok(wide), Ok(narrow)) => Some(Self(wide + &narrow)),
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "a chart could not be drawn");
                None
            }
        }
    }
}

impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// It is made of numbers and of what plotters writes.
impl HtmlSafe for Chart {}

/// The series by minutes since 1970.
struct Points {
    sold: Vec<(i64, i32)>,
    held: Vec<(i64, i32)>,
    from: i64,
    to: i64,
    most: i32,
}

impl Points {
    fn of(series: &[SalesPoint]) -> Option<Self> {
        let minute = |at: DateTime<Utc>| at.timestamp().div_euclid(60);
        let first = series.first()?;
        let (begin, to) = (minute(first.at), minute(series.last()?.at));
        // Before the first order there was nothing.
        let step = series.get(1).map_or(1, |second| minute(second.at) - begin);
        let from = begin - step.max(1);
        let line = |value: fn(&SalesPoint) -> i32| {
            let begin = std::iter::once((from, 0));
            begin
                .chain(series.iter().map(|point| (minute(point.at), value(point))))
                .collect::<Vec<_>>()
        };
        let most = series
            .iter()
            .map(|point| point.sold.max(point.held))
            .max()?;
        Some(Self {
            sold: line(|point| point.sold),
            held: line(|point| point.held),
            from,
            to: to.max(from + 1),
            most: most.max(1),
        })
    }

    /// Full hours, days, … of UTC within the chart.
    fn labels(&self, most: i64) -> (i64, Vec<i64>) {
        let span = self.to - self.from;
        let fitting = STEPS.into_iter().find(|step| span / step < most);
        let step = fitting.unwrap_or(STEPS[STEPS.len() - 1]);
        let first = self.from + (-self.from).rem_euclid(step);
        let labels = (0..).map(|n| first + n * step);
        (step, labels.take_while(|label| *label <= self.to).collect())
    }
}

type Failed = DrawingAreaErrorKind<std::io::Error>;

fn draw(points: &Points, size: &Size, t: Text) -> Result<String, String> {
    let mut svg = String::new();
    plot(points, size, t, &mut svg).map_err(|error| error.to_string())?;
    let (step, _) = points.labels(size.labels);
    Ok(dress(&svg, size.class, step))
}

fn plot(points: &Points, size: &Size, t: Text, svg: &mut String) -> Result<(), Failed> {
    let paper = SVGBackend::with_string(svg, size.pixels).into_drawing_area();
    let (_, labels) = points.labels(size.labels);
    // Room above the highest line.
    let top = points.most + points.most.div_euclid(10).max(1);
    let mut chart = ChartBuilder::on(&paper)
        .margin_top(8)
        .margin_right(14)
        .x_label_area_size(28)
        .y_label_area_size(52)
        .build_cartesian_2d((points.from..points.to).with_key_points(labels), 0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(AXIS)
        .y_labels(5)
        .x_label_formatter(&|minute| format!("{MARK}{minute}{MARK}"))
        .y_label_formatter(&|count| t.count(count))
        .label_style(("sans-serif", 13).into_font().color(&LABEL))
        .draw()?;
    let area =
        |line: &[(i64, i32)], colour: RGBColor| AreaSeries::new(line.to_vec(), 0, colour.filled());
    chart.draw_series(area(&points.sold, SOLD_AREA))?;
    chart.draw_series(area(&points.held, HELD_AREA))?;
    chart.draw_series(LineSeries::new(points.sold.clone(), SOLD.stroke_width(2)))?;
    chart.draw_series(LineSeries::new(points.held.clone(), HELD.stroke_width(2)))?;
    paper.present()
}

/// Classes in place of colours, and times in place of minutes: `static/app.js` writes them in the reader's
/// time zone.
fn dress(svg: &str, class: &str, step: i64) -> String {
    let mut dressed = String::with_capacity(svg.len());
    for (place, part) in svg.split(MARK).enumerate() {
        if place % 2 == 0 {
            dressed.push_str(part);
        } else if let Ok(minute) = part.parse() {
            dressed.push_str(&label(minute, step));
        }
    }
    for (RGBColor(red, green, blue), class) in CLASSES {
        for attribute in ["fill", "stroke"] {
            let colour = format!("{attribute}=\"#{red:02X}{green:02X}{blue:02X}\"");
            dressed = dressed.replace(&colour, &format!("class=\"{class}\""));
        }
    }
    let begin = format!("<svg class=\"{class}\" aria-hidden=\"true\" focusable=\"false\" ");
    dressed.replacen("<svg ", &begin, 1)
}

fn label(minute: i64, step: i64) -> String {
    let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minute);
    let (unit, text) = if step < DAY {
        ("time", at.format("%H:%M"))
    } else {
        ("day", at.format("%m-%d"))
    };
    format!(
        "<tspan data-at=\"{}\" data-unit=\"{unit}\">{text}</tspan>",
        to_text(at)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples;

    fn chart() -> String {
        Chart::of(Language::English, &samples::sales().series)
            .unwrap()
            .to_string()
    }

    #[test]
    fn before_the_first_order_there_is_none() {
        assert_eq!(Chart::of(Language::English, &[]), None);
    }

    #[test]
    fn the_first_order_is_enough() {
        let series = &samples::sales().series[..1];
        assert!(Chart::of(Language::English, series).is_some());
    }

    #[test]
    fn the_page_gives_it_its_colours() {
        let chart = chart();
        for (_, class) in CLASSES {
            assert!(
                chart.contains(&format!("class=\"{class}\"")),
                "{class}: {chart}"
            );
        }
        // None is left but white and black of what plotters draws by itself.
        assert!(!chart.contains("=\"#0"), "{chart}");
        assert!(!chart.contains("style="), "{chart}");
    }

    #[test]
    fn its_times_can_be_put_into_the_readers_zone() {
        let chart = chart();
        assert!(chart.contains(r#"<tspan data-at="2026-11-21T"#), "{chart}");
        assert!(!chart.contains(MARK), "{chart}");
    }

    #[test]
    fn labels_are_at_full_hours_and_few() {
        let points = Points {
            sold: vec![],
            held: vec![],
            from: 61,
            to: 61 + 6 * 60,
            most: 1,
        };
        assert_eq!(points.labels(7), (60, vec![120, 180, 240, 300, 360, 420]));
        assert_eq!(points.labels(4), (180, vec![180, 360]));
    }
}
