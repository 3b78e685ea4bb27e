#include "app/proxy/status_writer.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace hitless::app {
namespace {

constexpr auto kRetry = seconds(5);
constexpr std::string_view kManager = "hitless-gateway";

/// Somebody else was quicker, or the object is gone: its next state comes by the watch.
bool isOvertaken(int status) {
  return status == 404 || status == 409;
}

}  // namespace

RouteStatusWriter::RouteStatusWriter(Parts parts, proxy::routing::StatusContext context)
    : parts_(parts), context_(std::move(context)), retry_(parts.io) {}

void RouteStatusWriter::stop() {
  retry_.cancel();
  alive_.reset();
}

void RouteStatusWriter::write() {
  context_.now = parts_.clock.wall();
  std::erase_if(patched_, [&](const auto& entry) {
    return parts_.book.live(*entry.first.first, entry.first.second) == nullptr;
  });
  for (const auto& [key, status] : parts_.book.statuses()) {
    writeOne(key, status);
  }
}

void RouteStatusWriter::writeOne(const Key& key, const proxy::routing::ObjectStatus& status) {
  const kube::ObjectPtr live = parts_.book.live(*key.first, key.second);
  if (!live) {
    return;
  }
  const std::string version(kube::text(*live, {"metadata", "resourceVersion"}));
  const auto patched = patched_.find(key);
  if (patched != patched_.end() && patched->second == version) {
    return;
  }
  if (const auto patch = proxy::routing::statusPatch(*key.first, *live, status, context_)) {
    patched_[key] = version;
    send(key, *patch);
  }
}

void RouteStatusWriter::send(const Key& key, const kube::json::object& patch) {
  sys::KubeClient::Request request;
  request.method = "PATCH";
  request.target =
      fmt::format("{}?fieldManager={}",
                  sys::pathOf(*key.first, key.second.ns, key.second.name, "status"), kManager);
  request.contentType = "application/merge-patch+json";
  request.body = kube::json::serialize(patch);
  parts_.client.send(std::move(request), [this, key, alive = std::weak_ptr<bool>(alive_)](
                                             Result<sys::HttpResponse> response) {
    if (!alive.expired()) {
      onAnswer(key, response);
    }
  });
}

void RouteStatusWriter::onAnswer(const Key& key, const Result<sys::HttpResponse>& response) {
  if (response && (response->status / 100 == 2 || isOvertaken(response->status))) {
    return;
  }
  spdlog::warn("cannot write the status of {} {}: {}", key.first->kind, key.second.text(),
               response ? sys::objectOf(*response).error().text() : response.error().text());
  patched_.erase(key);
  retryLater();
}

void RouteStatusWriter::retryLater() {
  retry_.expires_after(kRetry);
  retry_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](boost::system::error_code error) {
    if (!error && !alive.expired()) {
      write();
    }
  });
}

}  // namespace hitless::app
