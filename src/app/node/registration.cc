#include "app/node/registration.h"

#include <spdlog/spdlog.h>

namespace hitless::app {
namespace {

constexpr nanoseconds kRetry = milliseconds{200};
constexpr nanoseconds kStatusPeriod = seconds{300};
constexpr nanoseconds kLeasePeriod = seconds{10};
constexpr const char* kLeaseNamespace = "kube-node-lease";
constexpr const char* kMergePatch = "application/merge-patch+json";

std::string explain(const Result<sys::HttpResponse>& response) {
  if (!response) {
    return response.error().text();
  }
  const auto object = sys::objectOf(*response);
  return object ? "" : object.error().text();
}

bool good(const Result<sys::HttpResponse>& response) {
  return response && response->status / 100 == 2;
}

bool exists(const Result<sys::HttpResponse>& response) {
  return response && response->status == 409;
}

}  // namespace

void Registration::start() {
  readySince_ = context_.clock.wall();
  registerNode();
  createLease();
}

void Registration::after(boost::asio::steady_timer& timer, nanoseconds delay,
                         void (Registration::*next)()) {
  timer.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(delay));
  timer.async_wait([this, next](const boost::system::error_code& error) {
    if (!error) {
      (this->*next)();
    }
  });
}

void Registration::registerNode() {
  const auto object = node::nodeObject(context_.facts, context_.clock.wall());
  context_.api.send({"POST", sys::pathOf(kube::res::kNodes, {}), "application/json",
                     kube::json::serialize(object)},
                    [this](const Result<sys::HttpResponse>& response) {
                      if (good(response)) {
                        spdlog::info("registered as node {}", context_.facts.name);
                        after(nodeTimer_, kStatusPeriod, &Registration::updateNode);
                      } else if (exists(response)) {
                        updateNode();
                      } else {
                        spdlog::warn("cannot register: {}", explain(response));
                        after(nodeTimer_, kRetry, &Registration::registerNode);
                      }
                    });
}

void Registration::updateNode() {
  const kube::json::object patch{
      {"status", node::nodeStatus(context_.facts, readySince_, context_.clock.wall())}};
  context_.api.send({"PATCH", sys::pathOf(kube::res::kNodes, {}, context_.facts.name, "status"),
                     kMergePatch, kube::json::serialize(patch)},
                    [this](const Result<sys::HttpResponse>& response) {
                      if (response && response->status == 404) {
                        return registerNode();
                      }
                      if (!good(response)) {
                        spdlog::warn("node status: {}", explain(response));
                      }
                      after(nodeTimer_, good(response) ? kStatusPeriod : kRetry,
                            &Registration::updateNode);
                    });
}

void Registration::createLease() {
  const auto lease = node::leaseObject(context_.facts.name, context_.clock.wall());
  context_.api.send(
      {"POST", sys::pathOf(kube::res::kLeases, kLeaseNamespace), "application/json",
       kube::json::serialize(lease)},
      [this](const Result<sys::HttpResponse>& response) {
        if (exists(response)) {
          renewLease();
        } else {
          after(leaseTimer_, good(response) ? kLeasePeriod : kRetry,
                good(response) ? &Registration::renewLease : &Registration::createLease);
        }
      });
}

void Registration::renewLease() {
  const auto patch = node::leaseRenewal(context_.clock.wall());
  context_.api.send({"PATCH", sys::pathOf(kube::res::kLeases, kLeaseNamespace, context_.facts.name),
                     kMergePatch, kube::json::serialize(patch)},
                    [this](const Result<sys::HttpResponse>& response) {
                      if (response && response->status == 404) {
                        return createLease();
                      }
                      if (!good(response)) {
                        spdlog::warn("lease: {}", explain(response));
                      }
                      after(leaseTimer_, good(response) ? kLeasePeriod : kRetry,
                            &Registration::renewLease);
                    });
}

}  // namespace hitless::app
