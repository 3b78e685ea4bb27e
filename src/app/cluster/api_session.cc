#include "app/cluster/api_session.h"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>

#include "core/kube/resource.h"

namespace hitless::app {
namespace {

namespace json = kube::json;
constexpr milliseconds kPoll{50};

}  // namespace

Result<ApiSession> ApiSession::open(const std::string& kubeconfig) {
  ApiSession session;
  session.clock_ = std::make_unique<sys::RealClock>();
  session.io_ = std::make_unique<boost::asio::io_context>(1);
  sys::KubeConfig config = TRY(sys::loadKubeconfig(kubeconfig));
  session.client_ = TRY(sys::KubeClient::create(*session.io_, *session.clock_, std::move(config)));
  return session;
}

Result<json::object> ApiSession::send(sys::KubeClient::Request request) {
  std::optional<Result<sys::HttpResponse>> answer;
  client_->send(std::move(request),
                [&](Result<sys::HttpResponse> got) { answer = std::move(got); });
  io_->restart();
  while (!answer && io_->run_one() > 0) {
  }
  if (!answer) {
    return fail(ErrorKind::kInternal, "the request was never answered");
  }
  const sys::HttpResponse response = TRY(std::move(*answer));
  return sys::objectOf(response);
}

Result<json::object> ApiSession::get(const std::string& path) {
  sys::KubeClient::Request request;
  request.target = path;
  return send(std::move(request));
}

Result<json::object> ApiSession::patch(const std::string& path, const std::string& contentType,
                                       const json::object& body) {
  sys::KubeClient::Request request;
  request.method = "PATCH";
  request.target = path;
  request.contentType = contentType;
  request.body = json::serialize(body);
  return send(std::move(request));
}

Result<json::object> ApiSession::post(const std::string& path, const json::object& body) {
  sys::KubeClient::Request request;
  request.method = "POST";
  request.target = path;
  request.body = json::serialize(body);
  return send(std::move(request));
}

Status ApiSession::remove(const std::string& path) {
  sys::KubeClient::Request request;
  request.method = "DELETE";
  request.target = path;
  return send(std::move(request)).map([](const json::object&) {});
}

Status ApiSession::apply(const Manifest& manifest) {
  const auto apiVersion = kube::text(manifest.object, {"apiVersion"});
  const auto kind = kube::text(manifest.object, {"kind"});
  const kube::Resource* resource = kube::findKind(apiVersion, kind);
  const auto refuse = [&](Error error) {
    return tl::unexpected<Error>(std::move(error).about(manifest.source));
  };
  if (resource == nullptr) {
    return refuse({ErrorKind::kInvalid,
                   fmt::format("the embedded cluster serves no kind {} in {}", kind, apiVersion),
                   {},
                   "kubectl api-resources lists what it serves",
                   0});
  }
  const std::string name(kube::text(manifest.object, {"metadata", "name"}));
  if (name.empty()) {
    return refuse({ErrorKind::kInvalid, "metadata.name must be set", {}, {}, 0});
  }
  const std::string ns(resource->namespaced
                           ? kube::text(manifest.object, {"metadata", "namespace"}, "default")
                           : std::string_view{});
  const auto applied = patch(
      sys::pathOf(*resource, ns, name) + "?fieldManager=hitless&force=true&fieldValidation=Strict",
      "application/apply-patch+yaml", manifest.object);
  return applied ? Status{} : refuse(applied.error());
}

Status ApiSession::waitFor(const std::string& path, nanoseconds timeout,
                           const std::function<bool(const json::object&)>& done,
                           const std::function<std::string(const json::object&)>& describe) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const json::object object = TRY(get(path));
    if (done(object)) {
      return {};
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(ErrorKind::kUnavailable, describe(object));
    }
    pause(kPoll);
  }
}

void ApiSession::pause(nanoseconds duration) {
  boost::asio::steady_timer timer(*io_, duration);
  bool over = false;
  timer.async_wait([&over](const boost::system::error_code&) { over = true; });
  io_->restart();
  while (!over && io_->run_one() > 0) {
  }
}

}  // namespace hitless::app
