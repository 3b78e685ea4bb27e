#include "app/agent/dns_plane.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>

#include "core/dns/resolv_conf.h"
#include "core/kube/objects.h"
#include "sys/files/files.h"

namespace hitless::app {
namespace {

const service::ServiceName kClusterDns{"kube-system", "kube-dns"};
constexpr auto kRetryPause = std::chrono::milliseconds(200);
/// How often the node's resolv.conf is looked at.
constexpr auto kUpstreamPause = std::chrono::seconds(10);

/// The node's search list, which kubelet appends to the cluster's.
std::vector<dns::Name> nodeSearch(const std::string& file) {
  std::vector<dns::Name> names;
  for (const std::string& text : dns::parseResolvConf(sys::readFile(file).value_or("")).searches) {
    if (const auto name = dns::Name::parse(text)) {
      names.push_back(*name);
    }
  }
  return names;
}

}  // namespace

DnsPlane::DnsPlane(boost::asio::io_context& io, const Clock& clock, DnsOptions options)
    : io_(io),
      clock_(clock),
      options_(std::move(options)),
      published_(dns::Zone(options_.zone),
                 dns::Clients(options_.zone.name, nodeSearch(options_.resolvConf))),
      server_(published_, clock, options_.server,
              [](const std::string& line) { spdlog::info("{}", line); }),
      retry_(io),
      upstreams_(io) {
  addresses_ = options_.clusterDns;
  if (options_.linkLocal) {
    addresses_.push_back(*options_.linkLocal);
  }
  watchUpstreams();
}

DnsPlane::~DnsPlane() = default;

void DnsPlane::stop() {
  retry_.cancel();
  upstreams_.cancel();
  door_.reset();  // From now on queries go to the cluster's other name servers.
}

void DnsPlane::applyNamespaces(const watch::Update& update) {
  if (update.kind == watch::Update::Kind::kFull) {
    namespaces_.clear();
  } else if (update.changes.empty()) {
    return;
  }
  for (const watch::Change& change : update.changes) {
    const std::string name(kube::text(*change.object, {"metadata", "name"}));
    if (change.type == watch::ChangeType::kDelete) {
      namespaces_.erase(name);
    } else {
      namespaces_.insert(name);
    }
  }
  published_.change([&](dns::Zone& zone, dns::Clients&) { zone.setNamespaces(namespaces_); });
  serve();
}

void DnsPlane::applyPods(const watch::Update& update) {
  if (update.kind == watch::Update::Kind::kFull || !update.changes.empty()) {
    published_.change([&](dns::Zone&, dns::Clients& clients) { clients.apply(update); });
  }
}

void DnsPlane::heard() {
  published_.setContact(clock_.mono());
}

void DnsPlane::withdraw(const service::Snapshot& snapshot, const service::Changes& changes) {
  edit_ = published_.zone().prepare(snapshot, changes, clock_.mono());
  if (!edit_.empty()) {
    const auto taken = published_.zone().takenBackBy(edit_);
    published_.change([&](dns::Zone& zone, dns::Clients&) { zone.withdraw(edit_); });
    server_.zoneChanged();
    std::for_each(taken.begin(), taken.end(), onWithdrawn);
  }
}

void DnsPlane::publish(const service::Snapshot& snapshot) {
  const WallTime now = clock_.wall();
  published_.change(
      [&](dns::Zone& zone, dns::Clients&) { zone.publish(edit_, snapshot.revision(), now); });
  if (!edit_.empty()) {
    server_.zoneChanged();
  }
  edit_ = {};
  follow(snapshot);
}

void DnsPlane::follow(const service::Snapshot& snapshot) {
  const std::vector<IpAddress> before = addresses_;
  if (options_.clusterDns.empty()) {
    const service::ServiceState* state = snapshot.find(kClusterDns);
    addresses_.clear();
    if (state != nullptr && state->service) {
      addresses_ = state->service->clusterIps;
    }
    if (options_.linkLocal) {
      addresses_.push_back(*options_.linkLocal);
    }
  }
  if (addresses_ != before || (!door_ && !doorless_)) {
    serve();
  }
}

void DnsPlane::serve() {
  if (!ready()) {
    return;  // Until then others answer better.
  }
  published_.change([&](dns::Zone& zone, dns::Clients&) { zone.setServers(addresses_); });
  std::vector<IpAddress> all = addresses_;
  all.insert(all.end(), options_.listen.begin(), options_.listen.end());
  for (const auto& [address, error] : server_.listenOn(all)) {
    if (troubles_.insert(address.text()).second) {
      spdlog::warn("DNS is not served at {} yet: {}", address.text(), error.text());
    }
    retrySoon();
  }
  openDoor();
}

void DnsPlane::openDoor() {
  if (doorless_) {
    return;
  }
  if (!door_) {
    Result<DnsDoor> door = DnsDoor::open(options_.door);
    if (!door && door.error().kind == ErrorKind::kConflict) {
      if (troubles_.insert("door").second) {
        spdlog::warn("another process still answers DNS here: {}", door.error().text());
      }
      return retrySoon();
    }
    if (!door) {
      doorless_ = true;
      return spdlog::error("DNS stays with the cluster's own servers: {}", door.error().text());
    }
    door_.emplace(std::move(*door));
  }
  if (const Status opened = door_->serve(addresses_); !opened) {
    const std::string why = opened.error().text();
    if (troubles_.insert(why).second) {  // Once, not at each try.
      spdlog::error("cannot lead DNS queries here: {}", why);
    }
    retrySoon();
  }
}

void DnsPlane::retrySoon() {
  retry_.expires_after(kRetryPause);
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      serve();
    }
  });
}

void DnsPlane::watchUpstreams() {
  readUpstreams();
  if (!options_.upstreamsFromFile) {
    return;
  }
  upstreams_.expires_after(kUpstreamPause);
  upstreams_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      watchUpstreams();
    }
  });
}

void DnsPlane::readUpstreams() {
  std::vector<dns::UpstreamAddress> servers = options_.upstreams;
  if (options_.upstreamsFromFile) {
    Result<std::string> text = sys::readFile(options_.resolvConf);
    if (!text) {
      if (troubles_.insert("resolvConf").second) {
        spdlog::warn("names outside of the cluster cannot be resolved: {}", text.error().text());
      }
      return;  // What was read before stays.
    }
    if (*text == resolvConf_) {
      return;
    }
    resolvConf_ = *text;
    std::vector<IpAddress> nameservers;
    for (const std::string& entry : dns::parseResolvConf(*text).nameservers) {
      if (const auto address = IpAddress::parse(entry)) {
        nameservers.push_back(*address);
      }
    }
    std::vector<dns::UpstreamAddress> own;
    for (const std::vector<IpAddress>* list : {&addresses_, &options_.listen}) {
      for (const IpAddress& address : *list) {
        own.push_back({address, options_.server.port});
      }
    }
    servers = dns::upstreamsOf(nameservers, own);
  }
  std::vector<dns::UpstreamGroup> groups = options_.stubDomains;
  groups.push_back({dns::Name{}, std::move(servers)});
  server_.setUpstreams(std::move(groups));
}

void DnsPlane::stats(std::function<void(const sys::NameServerStats&)> deliver) {
  server_.stats([this, deliver = std::move(deliver)](const sys::NameServerStats& stats) {
    boost::asio::post(io_, [deliver, stats] { deliver(stats); });
  });
}

}  // namespace hitless::app
