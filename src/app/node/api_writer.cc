#include "app/node/api_writer.h"

#include <utility>

#include <spdlog/spdlog.h>

namespace hitless::app {
namespace {

using kube::json::object;
using sys::KubeClient;

constexpr auto kRetry = std::chrono::milliseconds(200);
constexpr std::size_t kMostQueuedEvents = 1000;
constexpr const char* kMergePatch = "application/merge-patch+json";

/// Whether the same request may succeed later.
bool passing(const Result<sys::HttpResponse>& response) {
  return !response || response->status >= 500 || response->status == 429;
}

}  // namespace

StatusWriter::StatusWriter(NodeContext& context, const node::PodSpec& pod)
    : context_(context),
      path_(sys::pathOf(kube::res::kPods, pod.ns, pod.name)),
      uid_(pod.uid),
      timer_(context.io) {}

void StatusWriter::write(object status) {
  waiting_ = std::move(status);
  next();
}

void StatusWriter::removeObject() {
  removal_ = true;
  next();
}

void StatusWriter::stop() {
  stopped_ = true;
  timer_.cancel();
}

void StatusWriter::next() {
  if (busy_ || stopped_) {
    return;
  }
  if (waiting_) {
    sent_ = std::exchange(waiting_, std::nullopt);
    // The uid makes the patch fail where another pod has taken the name.
    const object body{{"metadata", object{{"uid", uid_}}}, {"status", *sent_}};
    send({"PATCH", path_ + "/status", kMergePatch, kube::json::serialize(body)}, false);
  } else if (removal_) {
    const object body{{"apiVersion", "v1"},
                      {"kind", "DeleteOptions"},
                      {"gracePeriodSeconds", 0},
                      {"preconditions", object{{"uid", uid_}}}};
    send({"DELETE", path_, "application/json", kube::json::serialize(body)}, true);
  }
}

void StatusWriter::send(KubeClient::Request request, bool removal) {
  busy_ = true;
  context_.api.send(std::move(request), [self = shared_from_this(),
                                         removal](const Result<sys::HttpResponse>& response) {
    self->answered(response, removal);
  });
}

void StatusWriter::answered(const Result<sys::HttpResponse>& response, bool removal) {
  busy_ = false;
  if (stopped_) {
    return;
  }
  if (passing(response)) {
    if (!removal && !waiting_) {
      waiting_ = std::move(sent_);
    }
    return retry();
  }
  if (response->status >= 300 && response->status != 404) {
    const auto answer = sys::objectOf(*response);
    spdlog::warn("pod status {}: {}", path_, answer ? "" : answer.error().text());
  }
  if (removal) {
    removal_ = false;
  }
  next();
}

void StatusWriter::retry() {
  busy_ = true;
  timer_.expires_after(kRetry);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    self->busy_ = false;
    if (!error) {
      self->next();
    }
  });
}

void PodEventWriter::write(const node::PodSpec& pod, const node::Emit& emit) {
  if (queue_.size() >= kMostQueuedEvents) {
    return;
  }
  node::EventBook::Write write = book_.write(pod, emit, context_.clock.wall());
  const std::string body = kube::json::serialize(write.object);
  if (write.create) {
    queue_.push_back({"POST", sys::pathOf(kube::res::kEvents, write.ns), "application/json", body});
  } else {
    queue_.push_back(
        {"PATCH", sys::pathOf(kube::res::kEvents, write.ns, write.name), kMergePatch, body});
  }
  next();
}

void PodEventWriter::next() {
  if (busy_ || queue_.empty()) {
    return;
  }
  busy_ = true;
  KubeClient::Request request = std::move(queue_.front());
  queue_.erase(queue_.begin());
  context_.api.send(std::move(request), [this](const Result<sys::HttpResponse>& response) {
    busy_ = false;
    if (!response) {
      spdlog::warn("event lost: {}", response.error().text());
    } else if (response->status >= 300 && response->status != 404) {
      spdlog::warn("event refused: {}", response->body);
    }
    next();
  });
}

}  // namespace hitless::app
