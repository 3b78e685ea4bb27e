#include "app/webhook/key_store.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/kube/base64.h"
#include "core/kube/resource.h"

namespace hitless::app {
namespace {

using kube::json::object;

constexpr nanoseconds kRetry = seconds(2);
/// Timers run on a clock that a suspended machine does not move: the wall is looked at this often.
constexpr nanoseconds kLongestSleep = std::chrono::hours(1);

struct DataKey {
  const char* name;
  std::string& (*of)(sys::ServingKeys&);
};
constexpr DataKey kDataKeys[] = {
    {"ca.crt", [](sys::ServingKeys& keys) -> std::string& { return keys.trust; }},
    {"ca-signer.crt",
     [](sys::ServingKeys& keys) -> std::string& { return keys.authority.certificatePem; }},
    {"ca-signer.key", [](sys::ServingKeys& keys) -> std::string& { return keys.authority.keyPem; }},
    {"tls.crt", [](sys::ServingKeys& keys) -> std::string& { return keys.serving.certificatePem; }},
    {"tls.key", [](sys::ServingKeys& keys) -> std::string& { return keys.serving.keyPem; }},
};

sys::ServingKeys keysOf(const object& secret) {
  sys::ServingKeys keys;
  for (const DataKey& key : kDataKeys) {
    key.of(keys) = kube::base64Decode(kube::text(secret, {"data", key.name})).value_or("");
  }
  return keys;
}

/// The names by which the API server reaches a Service.
sys::ServerNames namesOf(const WebhookOptions& options) {
  const std::string base = fmt::format("{}.{}.svc", options.service, options.ns);
  return {{base, base + ".cluster.local"}, {}};
}

object secretOf(const WebhookOptions& options, const std::string& revision, sys::ServingKeys keys) {
  object data;
  for (const DataKey& key : kDataKeys) {
    data[key.name] = kube::base64Encode(key.of(keys));
  }
  object metadata{{"name", options.secret},
                  {"namespace", options.ns},
                  {"labels", {{"app.kubernetes.io/name", "hitless"}}}};
  if (!revision.empty()) {
    metadata["resourceVersion"] = revision;
  }
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", std::move(metadata)},
          {"type", "Opaque"},
          {"data", std::move(data)}};
}

}  // namespace

KeyStore::KeyStore(Parts parts, const WebhookOptions& options, OnKeys onKeys)
    : parts_(parts), options_(options), onKeys_(std::move(onKeys)), timer_(parts.io) {}

void KeyStore::start() {
  sys::WatchTarget target;
  target.resource = &kube::res::kSecrets;
  target.ns = options_.ns;
  target.fieldSelector = "metadata.name=" + options_.secret;
  watcher_ = sys::startWatch(parts_.io, parts_.client, parts_.clock, parts_.rng, std::move(target),
                             [this](const watch::Update& update) { apply(update); });
}

void KeyStore::stop() {
  watcher_.reset();
  timer_.cancel();
}

void KeyStore::apply(const watch::Update& update) {
  if (update.kind == watch::Update::Kind::kFull) {
    keys_.reset();
    revision_.clear();
  }
  for (const watch::Change& change : update.changes) {
    const bool gone = change.type == watch::ChangeType::kDelete;
    keys_ = gone ? std::nullopt : std::optional(keysOf(*change.object));
    revision_ = gone ? "" : kube::text(*change.object, {"metadata", "resourceVersion"});
  }
  settle();
}

void KeyStore::settle() {
  if (writing_) {
    return;
  }
  const auto lifetime = std::chrono::duration_cast<seconds>(options_.certificateLifetime);
  const auto renewed =
      sys::renewedKeys(keys_, namesOf(options_), parts_.clock.wall(), {.serving = lifetime});
  if (!renewed) {
    spdlog::error("cannot make certificates: {}", renewed.error().text());
    return settleAfter(kRetry);
  }
  if (*renewed) {
    return write(**renewed);
  }
  settleAt(sys::renewalTime(*keys_));
  onKeys_(*keys_);
}

void KeyStore::write(const sys::ServingKeys& keys) {
  writing_ = true;
  const bool make = revision_.empty();
  sys::KubeClient::Request request;
  request.method = make ? "POST" : "PUT";
  request.target =
      sys::pathOf(kube::res::kSecrets, options_.ns, make ? "" : std::string_view(options_.secret));
  request.body = kube::json::serialize(secretOf(options_, revision_, keys));
  parts_.client.send(std::move(request), [this](Result<sys::HttpResponse> response) {
    writing_ = false;
    const auto object = response ? sys::objectOf(*response)
                                 : Result<kube::json::object>(tl::unexpected(response.error()));
    if (object) {
      keys_ = keysOf(*object);
      revision_ = kube::text(*object, {"metadata", "resourceVersion"});
      spdlog::info("wrote certificates to Secret {}/{}", options_.ns, options_.secret);
      return settle();
    }
    // 409: another replica was faster, and the watch brings what it wrote.
    if (!response || response->status != 409) {
      spdlog::warn("cannot write Secret {}/{}: {}", options_.ns, options_.secret,
                   object.error().text());
    }
    settleAfter(kRetry);
  });
}

void KeyStore::settleAt(WallTime time) {
  settleAfter(std::clamp<nanoseconds>(time - parts_.clock.wall(), {}, kLongestSleep));
}

void KeyStore::settleAfter(nanoseconds pause) {
  timer_.expires_after(pause);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      settle();
    }
  });
}

}  // namespace hitless::app
