#include <array>

#include "app/agent/metric_samples.h"
#include "app/version.h"

namespace hitless::app {
namespace {

using dns::Traffic;

constexpr const char* kServer = "server=\"dns://:53\"";
constexpr const char* kCacheLabels = "server=\"dns://:53\",zones=\".\",view=\"\"";
constexpr std::array<const char*, 2> kTransports = {"udp", "tcp"};
constexpr std::array<const char*, 2> kFamilies = {"1", "2"};

std::string zoneLabels(const char* zone) {
  return fmt::format("{},zone=\"{}\",view=\"\"", kServer, zone);
}

/// The cluster's zone and the rest of the world.
template <class Visit>
void forEachZone(const Scrape& scrape, Visit visit) {
  visit(scrape.dns->traffic.own, zoneLabels("cluster.local."));
  visit(scrape.dns->traffic.elsewhere, zoneLabels("."));
}

void addRequests(const Scrape& scrape, Samples& to) {
  forEachZone(scrape, [&](const Traffic::Zone& zone, const std::string& labels) {
    for (std::size_t transport = 0; transport < 2; ++transport) {
      for (std::size_t family = 0; family < 2; ++family) {
        for (std::size_t type = 0; type < dns::kCountedTypes.size(); ++type) {
          const std::uint64_t count = zone.requests[transport][family][type];
          if (count > 0) {
            to.add(count, fmt::format("{},proto=\"{}\",family=\"{}\",type=\"{}\"", labels,
                                      kTransports[transport], kFamilies[family],
                                      dns::kCountedTypes[type]));
          }
        }
      }
    }
  });
}

void addResponses(const Scrape& scrape, Samples& to) {
  forEachZone(scrape, [&](const Traffic::Zone& zone, const std::string& labels) {
    for (std::size_t source = 0; source < dns::kSourceNames.size(); ++source) {
      for (std::size_t rcode = 0; rcode < Traffic::kRcodes; ++rcode) {
        if (zone.responses[source][rcode] > 0) {
          to.add(zone.responses[source][rcode],
                 fmt::format("{},rcode=\"{}\",plugin=\"{}\"", labels,
                             dns::text(static_cast<dns::Rcode>(rcode)), dns::kSourceNames[source]));
        }
      }
    }
  });
}

template <std::size_t N>
void addSizes(Samples& to, const dns::Buckets<N> (&sizes)[2], const std::string& labels) {
  for (std::size_t transport = 0; transport < 2; ++transport) {
    to.add(sizes[transport].counts, dns::kSizeBounds, sizes[transport].sum,
           fmt::format("{},proto=\"{}\"", labels, kTransports[transport]));
  }
}

void addUpstreams(const Scrape& scrape, Samples& to) {
  for (const dns::Upstream& upstream : scrape.dns->forwarding.upstreams) {
    std::array<double, dns::Durations::kBuckets> bounds{};
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      bounds[i] = static_cast<double>(dns::Durations::bound(i).count()) / 1e9;
    }
    to.add(upstream.durations.counts, bounds,
           static_cast<double>(upstream.durations.sum.count()) / 1e9,
           fmt::format("proxy_name=\"forward\",to=\"{}\"", upstream.address.text()));
  }
}

void addCached(Samples& to, std::uint64_t success, std::uint64_t denial) {
  to.add(success, fmt::format("{},type=\"success\"", kCacheLabels));
  to.add(denial, fmt::format("{},type=\"denial\"", kCacheLabels));
}

constexpr Metric kMetrics[] = {
    {"coredns_build_info", "gauge", "version", "Always 1; the version is hitless'",
     [](const Scrape&, Samples& to) { to.add(1.0, fmt::format("version=\"{}\"", kVersion)); }},
    {"coredns_dns_requests_total", "counter", "server, zone, view, proto, family, type",
     "Queries; zone is the cluster's or \".\", family 1 is IPv4 and 2 IPv6", addRequests},
    {"coredns_dns_responses_total", "counter", "server, zone, view, rcode, plugin",
     "Answers; plugin says who made them: kubernetes (the cluster's zone), cache, forward",
     addResponses},
    {"coredns_dns_request_duration_seconds", "histogram", "server, zone, view",
     "How long answers took; those that are made together count alike",
     [](const Scrape& s, Samples& to) {
       forEachZone(s, [&](const Traffic::Zone& zone, const std::string& labels) {
         to.add(zone.duration.counts, dns::kTimeBounds, zone.duration.sum, labels);
       });
     }},
    {"coredns_dns_request_size_bytes", "histogram", "server, zone, view, proto", "Bytes of queries",
     [](const Scrape& s, Samples& to) {
       forEachZone(s, [&](const Traffic::Zone& zone, const std::string& labels) {
         addSizes(to, zone.requestSize, labels);
       });
     }},
    {"coredns_dns_response_size_bytes", "histogram", "server, zone, view, proto",
     "Bytes of answers",
     [](const Scrape& s, Samples& to) {
       forEachZone(s, [&](const Traffic::Zone& zone, const std::string& labels) {
         addSizes(to, zone.responseSize, labels);
       });
     }},
    {"coredns_dns_do_requests_total", "counter", "server, zone, view",
     "Queries that ask for DNSSEC records",
     [](const Scrape& s, Samples& to) {
       forEachZone(s, [&](const Traffic::Zone& zone, const std::string& labels) {
         to.add(zone.dnssecRequests, labels);
       });
     }},
    {"coredns_kubernetes_dns_programming_duration_seconds", "histogram", "service_kind",
     "From the change that triggered an EndpointSlice of a headless Service to the name",
     [](const Scrape& s, Samples& to) {
       to.add(s.metrics.dnsProgrammingSeconds, "service_kind=\"headless_with_selector\"");
     }},
    {"coredns_autopath_success_total", "counter", "server",
     "Answers found in the asker's search list, which spared it the walk",
     [](const Scrape& s, Samples& to) { to.add(s.dns->traffic.searches, kServer); }},
    {"coredns_cache_entries", "gauge", "server, type, zones, view", "Cached answers",
     [](const Scrape& s, Samples& to) {
       addCached(to, s.dns->forwarding.successEntries, s.dns->forwarding.denialEntries);
     }},
    {"coredns_cache_hits_total", "counter", "server, type, zones, view", "Answers from the cache",
     [](const Scrape& s, Samples& to) {
       addCached(to, s.dns->forwarding.cache.successHits, s.dns->forwarding.cache.denialHits);
     }},
    {"coredns_cache_misses_total", "counter", "server, zones, view", "What the cache did not hold",
     [](const Scrape& s, Samples& to) { to.add(s.dns->forwarding.cache.misses, kCacheLabels); }},
    {"coredns_cache_requests_total", "counter", "server, zones, view", "What the cache was asked",
     [](const Scrape& s, Samples& to) { to.add(s.dns->forwarding.cache.requests, kCacheLabels); }},
    {"coredns_cache_prefetch_total", "counter", "server, zones, view",
     "Answers refreshed before their end",
     [](const Scrape& s, Samples& to) {
       to.add(s.dns->forwarding.forward.prefetches, kCacheLabels);
     }},
    {"coredns_cache_drops_total", "counter", "server, zones, view",
     "Replies that were to another question",
     [](const Scrape& s, Samples& to) { to.add(s.dns->forwarding.forward.drops, kCacheLabels); }},
    {"coredns_cache_served_stale_total", "counter", "server, zones, view",
     "Answers past their end, because no upstream answered",
     [](const Scrape& s, Samples& to) {
       to.add(s.dns->forwarding.cache.servedStale, kCacheLabels);
     }},
    {"coredns_cache_evictions_total", "counter", "server, type, zones, view",
     "Answers that made room for others",
     [](const Scrape& s, Samples& to) {
       addCached(to, s.dns->forwarding.cache.successEvictions,
                 s.dns->forwarding.cache.denialEvictions);
     }},
    {"coredns_forward_healthcheck_broken_total", "counter", "",
     "Questions sent although all upstreams are down",
     [](const Scrape& s, Samples& to) { to.add(s.dns->forwarding.forward.healthcheckBroken); }},
    {"coredns_forward_max_concurrent_rejects_total", "counter", "",
     "Questions refused because too many were on their way",
     [](const Scrape& s, Samples& to) { to.add(s.dns->forwarding.forward.maxConcurrentRejects); }},
    {"coredns_proxy_request_duration_seconds", "histogram", "proxy_name, to",
     "How long upstreams took", addUpstreams},
    {"coredns_proxy_healthcheck_failures_total", "counter", "proxy_name, to",
     "Failed health checks of upstreams",
     [](const Scrape& s, Samples& to) {
       for (const dns::Upstream& upstream : s.dns->forwarding.upstreams) {
         to.add(upstream.healthcheckFailures,
                fmt::format("proxy_name=\"forward\",to=\"{}\"", upstream.address.text()));
       }
     }},
    {"coredns_proxy_conn_cache_hits_total", "counter", "proxy_name",
     "Questions that went over a connection that was there",
     [](const Scrape& s, Samples& to) {
       to.add(s.dns->forwarding.connections.hits, "proxy_name=\"forward\"");
     }},
    {"coredns_proxy_conn_cache_misses_total", "counter", "proxy_name",
     "Questions that needed a new connection",
     [](const Scrape& s, Samples& to) {
       to.add(s.dns->forwarding.connections.misses, "proxy_name=\"forward\"");
     }},
    {"coredns_panics_total", "counter", "", "Always 0: there is nothing to recover from",
     [](const Scrape&, Samples& to) { to.add(0.0); }},
    {"hitless_dns_parked_total", "counter", "", "Queries that waited for a name to appear",
     [](const Scrape& s, Samples& to) { to.add(s.dns->traffic.parked); }},
    {"hitless_dns_parked_answered_total", "counter", "", "Those that got it in time",
     [](const Scrape& s, Samples& to) { to.add(s.dns->traffic.parkedAnswered); }},
    {"hitless_dns_parking_full_total", "counter", "",
     "Queries that could not wait because too many did",
     [](const Scrape& s, Samples& to) { to.add(s.dns->traffic.parkingFull); }},
    {"hitless_dns_malformed_total", "counter", "", "Messages answered FORMERR, NOTIMP or BADVERS",
     [](const Scrape& s, Samples& to) { to.add(s.dns->traffic.malformed); }},
    {"hitless_dns_ignored_total", "counter", "", "Messages that were no queries",
     [](const Scrape& s, Samples& to) { to.add(s.dns->traffic.ignored); }},
};

}  // namespace

std::span<const Metric> dnsMetrics() {
  return kMetrics;
}

}  // namespace hitless::app
