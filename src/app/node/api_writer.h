#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "app/node/context.h"
#include "core/node/event_book.h"

namespace hitless::app {

/// Sends one pod's status, one request at a time: what comes while one is on its way replaces what
/// waits. The deletion of the object follows the last status.
class StatusWriter : public std::enable_shared_from_this<StatusWriter> {
 public:
  StatusWriter(NodeContext& context, const node::PodSpec& pod);
  void write(kube::json::object status);
  void removeObject();
  /// The object is gone: nothing more is sent.
  void stop();

 private:
  void next();
  void send(sys::KubeClient::Request request, bool removal);
  void answered(const Result<sys::HttpResponse>& response, bool removal);
  void retry();

  NodeContext& context_;
  std::string path_;
  std::string uid_;
  boost::asio::steady_timer timer_;
  std::optional<kube::json::object> waiting_;
  std::optional<kube::json::object> sent_;  ///< On its way; sent again if the server was away.
  bool removal_ = false;
  bool busy_ = false;
  bool stopped_ = false;
};

/// Sends Events, in order and one at a time, so that a count never overtakes its Event. The API
/// server being away loses events, as client-go's recorder does in the end.
class PodEventWriter {
 public:
  explicit PodEventWriter(NodeContext& context) : context_(context), book_(context.facts.name) {}
  void write(const node::PodSpec& pod, const node::Emit& emit);

 private:
  void next();

  NodeContext& context_;
  node::EventBook book_;
  std::vector<sys::KubeClient::Request> queue_;
  bool busy_ = false;
};

}  // namespace hitless::app
