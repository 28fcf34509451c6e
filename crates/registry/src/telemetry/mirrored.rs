//! Measurements of the mirror, which counts by itself.

use std::fmt;
use std::sync::Arc;

use lazaret_mirror::Counts;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Reads the counters of a mirror whenever the measurements are written.
#[derive(Debug)]
pub(super) struct Mirrored(pub(super) Arc<Counts>);

/// Where the content of answers came from.
#[derive(Debug, EncodeLabelSet)]
struct Source {
    result: &'static str,
}

/// The labels of requests to an upstream. Its namespace is a setting.
#[derive(Debug, EncodeLabelSet)]
struct Asked {
    namespace: String,
    status: u16,
}

#[derive(Debug, EncodeLabelSet)]
struct Upstream {
    namespace: String,
}

impl Collector for Mirrored {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let now = self.0.snapshot();
        let mut family = encoder.encode_descriptor(
            "mirror_requests",
            "Answers of the mirror by where their content came from",
            None,
            MetricType::Counter,
        )?;
        let results = [
            ("hit", now.hits),
            ("miss", now.misses),
            ("stale", now.stale),
        ];
        for (result, count) in results {
            ConstCounter::new(count).encode(family.encode_family(&Source { result })?)?;
        }
        let mut family = encoder.encode_descriptor(
            "mirror_upstream_requests",
            "Requests to upstreams by status; 0 stands for no answer",
            None,
            MetricType::Counter,
        )?;
        for ((namespace, status), count) in now.asked {
            let labels = Asked { namespace, status };
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
        let metric = encoder.encode_descriptor(
            "mirror_received",
            "Content of blobs that came from upstreams",
            Some(&Unit::Bytes),
            MetricType::Counter,
        )?;
        ConstCounter::new(now.received).encode(metric)?;
        let metric = encoder.encode_descriptor(
            "mirror_evictions",
            "Images that were evicted",
            None,
            MetricType::Counter,
        )?;
        ConstCounter::new(now.evicted).encode(metric)?;
        let mut family = encoder.encode_descriptor(
            "mirror_upstream_remaining",
            "The rest of an upstream's limit of requests, as it last said",
            None,
            MetricType::Gauge,
        )?;
        for (namespace, remaining) in now.remaining {
            let rest = i64::try_from(remaining).unwrap_or(i64::MAX);
            ConstGauge::new(rest).encode(family.encode_family(&Upstream { namespace })?)?;
        }
        Ok(())
    }
}
