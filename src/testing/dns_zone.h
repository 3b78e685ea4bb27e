#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/dns/answer.h"
#include "testing/dns_messages.h"
#include "testing/dns_reader.h"
#include "testing/fake_clock.h"
#include "testing/services.h"

namespace hitless::testing {

/// A zone that follows Services and EndpointSlices as the agent's does, and can be asked.
class DnsZone {
 public:
  explicit DnsZone(dns::ZoneOptions options = {}) : zone(std::move(options)) {
    zone.setNamespaces({"default", "kube-system"});
  }

  /// The first state of the cluster.
  void load(std::vector<kube::ObjectPtr> services, std::vector<kube::ObjectPtr> slices) {
    changes_.merge(builder_.applyServices(full(std::move(services))));
    changes_.merge(builder_.applyEndpointSlices(full(std::move(slices))));
    sync();
  }
  void change(kube::ObjectPtr service) {
    changes_.merge(builder_.applyServices(upsert(std::move(service), 2)));
    sync();
  }
  void changeSlice(kube::ObjectPtr slice) {
    changes_.merge(builder_.applyEndpointSlices(upsert(std::move(slice), 2)));
    sync();
  }
  void remove(kube::ObjectPtr service) {
    changes_.merge(builder_.applyServices(erased(std::move(service), 2)));
    sync();
  }
  void take(kube::ObjectPtr service) {
    changes_.merge(builder_.applyServices(upsert(std::move(service), 2)));
  }
  dns::Zone::Edit prepare() {
    return zone.prepare(builder_.current(), std::exchange(changes_, {}), clock.mono());
  }
  void sync() {
    const dns::Zone::Edit edit = prepare();
    zone.withdraw(edit);
    zone.publish(edit, builder_.current().revision(), clock.wall());
  }

  dns::Outcome outcome(const DnsAsk& query) {
    asked_ = message(query);
    fault = dns::parseQuery(asked_, parsed);
    dns::AnswerContext used = context;
    used.now = clock.mono();
    return dns::answer(zone, parsed, used, buffer);
  }
  DnsResponse ask(const DnsAsk& query) {
    const dns::Outcome done = outcome(query);
    if (done.action != dns::Outcome::Action::kSend) {
      throw std::runtime_error("no answer from the zone");
    }
    return DnsReader({buffer.data(), done.size}).read();
  }

  FakeClock clock;
  dns::Zone zone;
  dns::AnswerContext context;
  dns::Query parsed;
  dns::QueryFault fault{};
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(dns::kMaxMessage);

 private:
  service::SnapshotBuilder builder_;
  service::Changes changes_;
  Bytes asked_;
};

}  // namespace hitless::testing
