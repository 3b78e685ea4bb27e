#include "app/webhook/departure.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/kube/objects.h"
#include "core/kube/resource.h"

namespace hitless::app {

Departure::Departure(KeyStore::Parts parts, const WebhookOptions& options)
    : parts_(parts), options_(options), timer_(parts.io) {}

void Departure::begin(std::function<void()> over) {
  over_ = std::move(over);
  const MonoTime now = parts_.clock.mono();
  limit_ = now + options_.drainLimit;
  lastAsked_ = now;
  synced_ = options_.podName.empty();
  if (!synced_) {
    sys::WatchTarget target;
    target.resource = &kube::res::kEndpointSlices;
    target.ns = options_.ns;
    target.labelSelector = "kubernetes.io/service-name=" + options_.service;
    watcher_ =
        sys::startWatch(parts_.io, parts_.client, parts_.clock, parts_.rng, std::move(target),
                        [this](const watch::Update& update) { apply(update); });
  }
  settle();
}

void Departure::stop() {
  watcher_.reset();
  timer_.cancel();
}

void Departure::apply(const watch::Update& update) {
  if (update.kind == watch::Update::Kind::kFull) {
    slices_.clear();
    synced_ = true;
  }
  for (const watch::Change& change : update.changes) {
    const kube::EndpointSlice slice = kube::endpointSliceOf(*change.object);
    const bool shown =
        std::any_of(slice.endpoints.begin(), slice.endpoints.end(), [&](const auto& endpoint) {
          return endpoint.ready && endpoint.targetName == options_.podName;
        });
    if (shown && change.type != watch::ChangeType::kDelete) {
      slices_.insert(slice.meta.key());
    } else {
      slices_.erase(slice.meta.key());
    }
  }
  if (synced_ && slices_.empty()) {
    spdlog::info("no endpoint any more; leaving when nobody has asked for {} ms",
                 options_.drainQuiet / milliseconds(1));
  }
  settle();
}

void Departure::settle() {
  const MonoTime now = parts_.clock.mono();
  const bool endpoint = !synced_ || !slices_.empty();
  const MonoTime due = endpoint ? limit_ : std::min(limit_, lastAsked_ + options_.drainQuiet);
  if (now >= due) {
    watcher_.reset();
    return std::exchange(over_, [] {})();
  }
  timer_.expires_after(due - now);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      settle();
    }
  });
}

}  // namespace hitless::app
