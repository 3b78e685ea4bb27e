#include "app/agent/dns_flags.h"

#include <fmt/format.h>

#include "base/text.h"

namespace hitless::app {
namespace {

constexpr const char* kGroup = "Names (docs/dns.md)";

template <class T>
T valueOr(const std::string& flag, Result<T> value) {
  if (!value) {
    throw CLI::ValidationError(flag, value.error().text());
  }
  return std::move(*value);
}

Result<IpAddress> parseAddress(const std::string& text) {
  const auto address = IpAddress::parse(text);
  if (!address) {
    return invalid("\"" + text + "\" is no IP address");
  }
  return *address;
}

/// ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT.
Result<dns::UpstreamAddress> parseUpstream(const std::string& text) {
  if (const auto address = IpAddress::parse(text)) {
    return dns::UpstreamAddress{*address};
  }
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = IpAddress::parse(host);
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : parseUint(std::string_view(text).substr(colon + 1));
  if (!address || !port || *port == 0 || *port > 65535) {
    return invalid("\"" + text + "\" is no name server", "write ADDRESS or ADDRESS:PORT");
  }
  return dns::UpstreamAddress{*address, static_cast<std::uint16_t>(*port)};
}

/// ZONE=SERVER[,SERVER...]
Result<dns::UpstreamGroup> parseStub(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    return invalid("\"" + text + "\" is no stub domain", "write ZONE=SERVER[,SERVER...]");
  }
  dns::UpstreamGroup group;
  group.zone = TRY(dns::Name::parse(text.substr(0, equals)));
  for (const std::string_view server : split(std::string_view(text).substr(equals + 1), ',')) {
    group.servers.push_back(TRY(parseUpstream(std::string(server))));
  }
  return group;
}

void addAddresses(CLI::App& parser, const std::string& name, std::vector<IpAddress>& target,
                  const std::string& help) {
  parser
      .add_option_function<std::vector<std::string>>(
          name,
          [&target, name](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              target.push_back(valueOr(name, parseAddress(text)));
            }
          },
          help)
      ->type_name("ADDRESS")
      ->group(kGroup);
}

void declareBind(CLI::App& parser, const std::string& name, BindAddress& target,
                 const std::string& help) {
  parser
      .add_option_function<std::string>(
          name,
          [&target, name](const std::string& text) {
            const dns::UpstreamAddress parsed = valueOr(name, parseUpstream(text));
            target = {parsed.address.text(), parsed.port};
          },
          help)
      ->type_name("ADDRESS:PORT")
      ->group(kGroup);
}

void declareUpstreams(CLI::App& parser, DnsOptions& dns) {
  parser
      .add_option_function<std::vector<std::string>>(
          "--dns-upstream",
          [&dns](const std::vector<std::string>& texts) {
            dns.upstreamsFromFile = false;
            for (const std::string& text : texts) {
              if (text != "none") {
                dns.upstreams.push_back(valueOr("--dns-upstream", parseUpstream(text)));
              }
            }
          },
          "Who is asked for names outside of the cluster (repeatable; none: nobody; default: the "
          "name servers in --resolv-conf)")
      ->type_name("ADDRESS[:PORT]")
      ->group(kGroup);
  parser
      .add_option_function<std::vector<std::string>>(
          "--dns-stub-domain",
          [&dns](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              dns.stubDomains.push_back(valueOr("--dns-stub-domain", parseStub(text)));
            }
          },
          "A zone with name servers of its own (repeatable)")
      ->type_name("ZONE=ADDRESS[,...]")
      ->group(kGroup);
  parser.add_option("--resolv-conf", dns.resolvConf, "The node's resolv.conf, read anew on change")
      ->capture_default_str()
      ->group(kGroup);
}

constexpr std::uint32_t kMaxTtl = 3600;

void declareZone(CLI::App& parser, DnsOptions& dns) {
  dns::ZoneOptions& zone = dns.zone;
  parser
      .add_option_function<std::string>(
          "--cluster-domain",
          [&zone](const std::string& text) {
            zone.name = valueOr("--cluster-domain", dns::Name::parse(text));
          },
          "The cluster's zone (default cluster.local)")
      ->type_name("NAME")
      ->group(kGroup);
  const auto ttl = [&](const std::string& name, std::uint32_t& target, const std::string& help) {
    parser.add_option(name, target, help)
        ->check(CLI::Range(std::uint32_t{0}, kMaxTtl))
        ->capture_default_str()
        ->type_name("SECONDS")
        ->group(kGroup);
  };
  ttl("--dns-ttl", zone.ttl, "How long a calm name may be remembered");
  ttl("--dns-changing-ttl", zone.changingTtl,
      "The same for one that changed in the last minute, or is about to");
  ttl("--dns-negative-ttl", zone.negativeTtl, "How long the absence of a name may be remembered");
  parser
      .add_option_function<std::string>(
          "--dns-pods",
          [&zone](const std::string& mode) {
            zone.podNames =
                mode == "disabled" ? dns::PodNames::kDisabled : dns::PodNames::kInsecure;
          },
          "Names of the form 10-0-0-1.NAMESPACE.pod.ZONE (default insecure)")
      ->check(CLI::IsMember({"disabled", "insecure"}))
      ->group(kGroup);
  parser
      .add_flag("--dns-answer-terminating,!--no-dns-answer-terminating",
                zone.records.answerTerminating,
                "A headless Service without ready endpoints answers with those that still serve "
                "(default true)")
      ->group(kGroup);
}

void declareServer(CLI::App& parser, DnsOptions& dns) {
  dns::ResponderOptions& responder = dns.server.responder;
  addDuration(parser, "--dns-park", responder.parking.limit,
              "How long a query waits for a name that is expected (default 2s; 0s: not at all)");
  parser
      .add_flag("--dns-search,!--no-dns-search", responder.searchPath,
                "Walk a pod's search list on its behalf (default true)")
      ->group(kGroup);
  parser
      .add_option_function<std::string>(
          "--dns-log",
          [&responder](const std::string& text) {
            responder.log = valueOr("--dns-log", dns::LogClasses::parse(text));
          },
          "Log queries in CoreDNS's format: success, denial, error or all")
      ->type_name("CLASSES")
      ->group(kGroup);
  parser
      .add_option_function<std::int64_t>(
          "--dns-repeat",
          [&responder](std::int64_t value) { responder.repeatFor = seconds{value}; },
          "Repeat an answer about the cluster's own names for so long even if it has changed, as a "
          "cache before the name server does (profile stock; default 0)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{kMaxTtl}))
      ->type_name("SECONDS")
      ->group(kGroup);
  addDuration(parser, "--dns-linger", dns.linger,
              "How long the rules of a Service outlive its name (default 1s)");
}

}  // namespace

void addDuration(CLI::App& parser, const std::string& name, nanoseconds& target,
                 const std::string& help) {
  parser
      .add_option_function<std::string>(
          name,
          [&target, name](const std::string& text) {
            const auto value = parseDuration(text);
            if (!value || *value < nanoseconds{}) {
              throw CLI::ValidationError(name,
                                         "'" + text + "' is not a duration such as 1s or 300ms");
            }
            target = *value;
          },
          help)
      ->type_name("DURATION");
}

void declareDns(CLI::App& parser, AgentCommandLine& line) {
  DnsOptions& dns = line.dns;
  parser.add_flag("--dns,!--no-dns", dns.enabled, "Serve the cluster's names (default true)")
      ->group(kGroup);
  addAddresses(parser, "--cluster-dns", dns.clusterDns,
               "Where pods are told to ask (default: the cluster IPs of kube-system/kube-dns)");
  addAddresses(parser, "--dns-listen", dns.listen,
               "Addresses of this machine to serve besides, for other nodes");
  parser
      .add_option_function<std::string>(
          "--dns-local-address",
          [&dns](const std::string& text) {
            dns.linkLocal = text == "none"
                                ? std::nullopt
                                : std::optional(valueOr("--dns-local-address", parseAddress(text)));
          },
          "An address that leads to the agent on every node (default 169.254.20.10; none)")
      ->type_name("ADDRESS")
      ->group(kGroup);
  declareZone(parser, dns);
  declareUpstreams(parser, dns);
  declareServer(parser, dns);
  declareBind(parser, "--dns-health-address", line.agent.dnsHealth,
              "Serve /health here too (CoreDNS: port 8080)");
  declareBind(parser, "--dns-ready-address", line.agent.dnsReady,
              "Serve /ready here too (CoreDNS: port 8181)");
}

}  // namespace hitless::app
