#include "app/webhook/webhook.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <limits>
#include <utility>

#include "app/agent/waiting_room.h"
#include "base/text.h"
#include "core/kube/resource.h"

namespace hitless::app {
namespace {

constexpr std::string_view kPath = "/mutate";
/// A pod and all that an API server says about the request; etcd takes no object above 1.5 MiB.
constexpr std::size_t kMaxReview = 8 * 1024 * 1024;
constexpr nanoseconds kRetry = seconds(2);

/// The minor version in the answer of /version: "34", or "34+" of some providers.
std::optional<unsigned> minorOf(const Result<sys::HttpResponse>& response) {
  const auto object = response ? sys::objectOf(*response)
                               : Result<kube::json::object>(tl::unexpected(response.error()));
  if (!object) {
    return std::nullopt;
  }
  std::string_view text = kube::text(*object, {"minor"});
  text = text.substr(0, text.find_first_not_of("0123456789"));
  const auto minor = parseUint(text);
  return minor && *minor < 1000 ? std::optional(static_cast<unsigned>(*minor)) : std::nullopt;
}

}  // namespace

Webhook::Webhook(Parts parts, WebhookOptions options)
    : parts_(parts),
      options_(std::move(options)),
      minor_(std::numeric_limits<unsigned>::max()),
      health_(parts.io, options_.healthPort),
      store_(parts, options_,
             [this](const sys::ServingKeys& keys) {
               next_ = keys.serving;
               trust_.publish(keys.trust);
               // Clients learn whom to trust before they meet the certificate; the first one they
               // do not meet before this is ready.
               if (door_ == nullptr || trust_.published()) {
                 useKeys(next_);
               }
             }),
      files_(parts.io, options_.certFile, options_.keyFile,
             [this](const sys::KeyPair& keys) { useKeys(keys); }),
      trust_(parts, options_.configuration,
             [this] {
               if (door_ != nullptr) {
                 useKeys(next_);
               }
             }),
      departure_(parts, options_),
      versionTimer_(parts.io) {}

Webhook::~Webhook() {
  if (socket_ >= 0) {
    ::close(socket_);
  }
}

Status Webhook::start(std::function<void()> over) {
  over_ = std::move(over);
  socket_ = TRY(sys::listenTcp(options_.bind, options_.port));
  addHealthRoutes();
  health_.open(options_.bind);
  if (options_.certFile.empty()) {
    store_.start();
  } else {
    TRY_VOID(files_.start());
    if (door_ == nullptr) {
      return invalid(fmt::format("{} and {} are no certificate and its key", options_.certFile,
                                 options_.keyFile));
    }
  }
  sys::WatchTarget target;
  target.resource = &kube::res::kNamespaces;
  namespaceWatch_ =
      sys::startWatch(parts_.io, parts_.client, parts_.clock, parts_.rng, std::move(target),
                      [this](const watch::Update& update) { namespaces_.apply(update); });
  askVersion();
  return {};
}

void Webhook::askVersion() {
  sys::KubeClient::Request request;
  request.target = "/version";
  parts_.client.send(std::move(request), [this](Result<sys::HttpResponse> response) {
    if (const auto minor = minorOf(response)) {
      minor_ = *minor;
      versionKnown_ = true;
      return;
    }
    versionTimer_.expires_after(kRetry);
    versionTimer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) {
        askVersion();
      }
    });
  });
}

void Webhook::useKeys(const sys::KeyPair& keys) {
  const auto end = sys::expiryOf(keys.certificatePem);
  const bool first = door_ == nullptr;
  const Status used = first ? open(keys) : door_->setCertificate(keys.certificatePem, keys.keyPem);
  if (!end || !used) {
    spdlog::error("cannot use the certificate: {}", end ? used.error().text() : end.error().text());
    return;
  }
  if (metrics_.certificateEnd != *end) {
    metrics_.renewals += first ? 0 : 1;
    metrics_.certificateEnd = *end;
    spdlog::info("serving on port {} with a certificate that is valid until {}", options_.port,
                 formatTime(*end));
  }
}

Status Webhook::open(const sys::KeyPair& keys) {
  sys::HttpServerOptions server;
  server.maxBodyBytes = kMaxReview;
  server.certificatePem = keys.certificatePem;
  server.keyPem = keys.keyPem;
  door_ = TRY(sys::HttpServer::start(parts_.io, socket_, std::move(server),
                                     [this](const sys::HttpRequest& request,
                                            const std::shared_ptr<sys::HttpResponder>& responder) {
                                       answer(request, *responder);
                                     }));
  socket_ = -1;
  return {};
}

void Webhook::answer(const sys::HttpRequest& request, sys::HttpResponder& responder) {
  departure_.asked();
  // The API server adds ?timeout=5s.
  if (const std::string path = pathOfTarget(request.target); path != kPath) {
    return responder.send(404, "text/plain", fmt::format("there is nothing at {}\n", path));
  }
  if (request.method != "POST") {
    return responder.send(405, "text/plain", "only POST is allowed here\n");
  }
  const MonoTime begin = parts_.clock.mono();
  webhook::Answer answer =
      webhook::review(request.body, {namespaces_, minor_, options_.proxyImage}, parts_.rng);
  metrics_.reviewSeconds.observe(parts_.clock.mono() - begin);
  ++metrics_.reviews[std::string(webhook::name(answer.outcome))];
  responder.send(answer.status, answer.status == 200 ? "application/json" : "text/plain",
                 std::move(answer.body));
}

/// What it waits for until it is ready; empty: nothing.
std::string Webhook::missing() const {
  if (leaving_) {
    return "it is shutting down";
  }
  if (door_ == nullptr) {
    return "it has no certificate yet";
  }
  if (options_.certFile.empty() && !trust_.published()) {
    return fmt::format("MutatingWebhookConfiguration {} does not trust its certificate yet",
                       options_.configuration);
  }
  if (!namespaces_.synced() || !versionKnown_) {
    return "it has not heard from the API server yet";
  }
  return {};
}

void Webhook::addHealthRoutes() {
  using Responder = std::shared_ptr<sys::HttpResponder>;
  health_.route("/healthz",
                [](const sys::HttpRequest&, const std::string&, const Responder& responder) {
                  responder->send(200, "text/plain", "ok\n");
                });
  health_.route(
      "/readyz", [this](const sys::HttpRequest&, const std::string&, const Responder& responder) {
        const std::string why = missing();
        responder->send(why.empty() ? 200 : 503, "text/plain", (why.empty() ? "ok" : why) + "\n");
      });
  health_.route("/metrics",
                [this](const sys::HttpRequest&, const std::string&, const Responder& responder) {
                  metrics_.ready = missing().empty();
                  responder->send(200, "text/plain; version=0.0.4", metrics_.render());
                });
}

void Webhook::leave() {
  if (std::exchange(leaving_, true)) {
    return stop();  // Told twice: at once.
  }
  spdlog::info("leaving: not ready from now on, answering until nobody asks");
  if (door_ != nullptr) {
    door_->endConnections();
  }
  departure_.begin([this] { stop(); });
}

void Webhook::stop() {
  store_.stop();
  files_.stop();
  trust_.stop();
  departure_.stop();
  versionTimer_.cancel();
  namespaceWatch_.reset();
  health_.close();
  if (door_ != nullptr) {
    door_->stop();
  }
  over_();
}

}  // namespace hitless::app
