#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>

#include "core/proxy/routing/route_book.h"
#include "sys/kube/client.h"

namespace hitless::app {

/// Writes what a RouteBook has to say about objects into their statuses, each only when it is
/// different from what is there. What fails is tried again.
class RouteStatusWriter {
 public:
  struct Parts {
    boost::asio::io_context& io;
    sys::KubeClient& client;
    const Clock& clock;
    const proxy::routing::RouteBook& book;
  };

  /// `context`'s time is not used.
  RouteStatusWriter(Parts parts, proxy::routing::StatusContext context);

  /// Compares everything with the live objects.
  void write();
  void stop();

 private:
  using Key = std::pair<const kube::Resource*, proxy::routing::ObjectName>;

  void writeOne(const Key& key, const proxy::routing::ObjectStatus& status);
  void send(const Key& key, const kube::json::object& patch);
  void onAnswer(const Key& key, const Result<sys::HttpResponse>& response);
  void retryLater();

  Parts parts_;
  proxy::routing::StatusContext context_;
  /// The resourceVersion of the object that was patched last: its next state has not come yet.
  std::map<Key, std::string> patched_;
  boost::asio::steady_timer retry_;
  /// Ends what is under way when this one ends.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hitless::app
