#include "app/webhook/trust_publisher.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/kube/base64.h"
#include "core/kube/resource.h"

namespace hitless::app {
namespace {

using kube::json::array;
using kube::json::object;

constexpr nanoseconds kRetry = seconds(2);

/// What gives every webhook of the configuration this caBundle; empty if they have it. The tests of
/// names see to it that no other one gets it when somebody changes the list meanwhile.
array patchOf(const object& configuration, const std::string& bundle) {
  array patch;
  const array* webhooks = kube::findArray(configuration, {"webhooks"});
  for (std::size_t i = 0; webhooks != nullptr && i < webhooks->size(); ++i) {
    const object* webhook = (*webhooks)[i].if_object();
    if (webhook == nullptr || kube::text(*webhook, {"clientConfig", "caBundle"}) == bundle) {
      continue;
    }
    const std::string at = fmt::format("/webhooks/{}", i);
    patch.push_back(
        object{{"op", "test"}, {"path", at + "/name"}, {"value", kube::text(*webhook, {"name"})}});
    patch.push_back(
        object{{"op", "add"}, {"path", at + "/clientConfig/caBundle"}, {"value", bundle}});
  }
  return patch;
}

}  // namespace

TrustPublisher::TrustPublisher(KeyStore::Parts parts, std::string configuration,
                               std::function<void()> onPublished)
    : parts_(parts),
      name_(std::move(configuration)),
      onPublished_(std::move(onPublished)),
      timer_(parts.io) {}

void TrustPublisher::publish(std::string trustPem) {
  std::string bundle = kube::base64Encode(trustPem);
  published_ = published_ && bundle == bundle_;
  bundle_ = std::move(bundle);
  if (watcher_ == nullptr) {
    sys::WatchTarget target;
    target.resource = &kube::res::kMutatingWebhookConfigurations;
    target.fieldSelector = "metadata.name=" + name_;
    watcher_ =
        sys::startWatch(parts_.io, parts_.client, parts_.clock, parts_.rng, std::move(target),
                        [this](const watch::Update& update) { apply(update); });
  }
  settle();
}

void TrustPublisher::stop() {
  watcher_.reset();
  timer_.cancel();
}

void TrustPublisher::apply(const watch::Update& update) {
  if (update.kind == watch::Update::Kind::kFull) {
    configuration_ = nullptr;
  }
  for (const watch::Change& change : update.changes) {
    configuration_ = change.type == watch::ChangeType::kDelete ? nullptr : change.object;
  }
  if (configuration_ == nullptr) {
    published_ = false;
    spdlog::warn("there is no MutatingWebhookConfiguration {}: no API server asks this webhook",
                 name_);
  }
  settle();
}

void TrustPublisher::settle() {
  if (configuration_ == nullptr || sending_) {
    return;
  }
  array patch = patchOf(*configuration_, bundle_);
  if (!patch.empty()) {
    published_ = false;
    return send(std::move(patch));
  }
  if (!std::exchange(published_, true)) {
    onPublished_();
  }
}

void TrustPublisher::send(array patch) {
  sending_ = true;
  sys::KubeClient::Request request;
  request.method = "PATCH";
  request.target = sys::pathOf(kube::res::kMutatingWebhookConfigurations, "", name_);
  request.contentType = "application/json-patch+json";
  request.body = kube::json::serialize(patch);
  parts_.client.send(std::move(request), [this](Result<sys::HttpResponse> response) {
    sending_ = false;
    auto object = response ? sys::objectOf(*response)
                           : Result<kube::json::object>(tl::unexpected(response.error()));
    if (!object) {
      spdlog::warn("cannot write caBundle into MutatingWebhookConfiguration {}: {}", name_,
                   object.error().text());
      return retry();
    }
    configuration_ = std::make_shared<const kube::json::object>(*std::move(object));
    spdlog::info("API servers trust the authority in MutatingWebhookConfiguration {}", name_);
    settle();
  });
}

void TrustPublisher::retry() {
  timer_.expires_after(kRetry);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      settle();
    }
  });
}

}  // namespace hitless::app
