#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <vector>

#include "core/control/watch.h"
#include "sys/http/server.h"

namespace hitless::sys {

struct WatchHubOptions {
  nanoseconds bookmarkEvery = seconds{60};
  /// A watcher that is further behind is dropped; it will list again.
  std::size_t maxBuffered = 16 * 1024 * 1024;
};

/// Streams store events to every open watch, each encoded once for all.
class WatchHub {
 public:
  WatchHub(boost::asio::io_context& io, control::Store& store, WatchHubOptions options);
  ~WatchHub();
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  void add(std::unique_ptr<control::Watch> watch, std::shared_ptr<HttpResponder> responder);
  std::size_t size() const;

 private:
  struct Stream {
    std::unique_ptr<control::Watch> watch;
    std::shared_ptr<HttpResponder> responder;
    boost::asio::steady_timer deadline;
    /// What the watch began with is sent to a client of any speed.
    std::size_t beginning = 0;
  };
  using Streams = std::vector<std::shared_ptr<Stream>>;

  void onEvent(const control::StoreEvent& event);
  void sendBookmarks();
  /// False: the client is too slow and has been dropped.
  bool write(Stream& stream, std::string lines);
  void limitTime(const std::shared_ptr<Stream>& stream);
  void remove(const Stream* stream);

  boost::asio::io_context& io_;
  control::Store& store_;
  WatchHubOptions options_;
  std::map<const kube::Resource*, Streams> streams_;
  boost::asio::steady_timer bookmarks_;
  control::Store::Subscription subscription_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hitless::sys
