#include "sys/kube/watcher.h"

#include <spdlog/spdlog.h>

#include <boost/asio/steady_timer.hpp>

#include "core/watch/reflector.h"

namespace hitless::sys {
namespace {

/// Performs a reflector's steps. Kept alive by its Watcher alone: callbacks hold weak pointers.
class Driver : public std::enable_shared_from_this<Driver> {
 public:
  Driver(boost::asio::io_context& io, KubeClient& client, const Clock& clock, Rng& rng,
         const WatchTarget& target, std::function<void(const watch::Update&)> deliver)
      : client_(client),
        timer_(io),
        what_(target.resource->qualified()),
        reflector_({pathOf(*target.resource, target.ns), target.fieldSelector, target.labelSelector,
                    500, target.unread, target.optional},
                   clock, rng),
        deliver_(std::move(deliver)) {}

  std::optional<MonoTime> lastContact() const { return reflector_.lastContact(); }

  void perform() {
    report();
    const watch::Step& step = reflector_.step();
    switch (step.state) {
      case watch::ReflectorState::kListing:
        return list(step);
      case watch::ReflectorState::kWatching:
        return watch(step);
      case watch::ReflectorState::kBackingOff:
        return pause(step);
    }
  }

 private:
  /// Wraps a callback so that it does nothing once the Watcher is gone.
  template <class F>
  auto alive(F body) {
    return [weak = weak_from_this(), body](auto&&... args) {
      if (const auto self = weak.lock()) {
        body(*self, std::forward<decltype(args)>(args)...);
      }
    };
  }

  void list(const watch::Step& step) {
    KubeClient::Request request;
    request.target = step.target;
    request.timeout = step.time;
    client_.send(std::move(request), alive([](Driver& self, Result<HttpResponse> response) {
                   std::optional<watch::Update> update;
                   if (response) {
                     update = self.reflector_.onPage(response->status, response->body);
                   } else {
                     self.reflector_.onPageError(response.error());
                   }
                   self.handOver(update);
                   self.perform();
                 }));
  }

  void watch(const watch::Step& step) {
    silence_ = step.time;
    stream_ = client_.stream(step.target, step.time,
                             alive([](Driver& self, std::string_view line) { self.onLine(line); }),
                             alive([](Driver& self, Result<HttpResponse> response) {
                               if (response) {
                                 self.reflector_.onWatchEnd(response->status);
                               } else {
                                 self.reflector_.onWatchError(response.error());
                               }
                               self.perform();
                             }));
  }

  void onLine(std::string_view line) {
    const int number = reflector_.step().number;
    handOver(reflector_.onLine(line));
    const watch::Step& step = reflector_.step();
    if (step.number != number) {
      stream_.reset();
      perform();
    } else if (step.time != silence_) {
      silence_ = step.time;
      stream_->allowSilence(silence_);
    }
  }

  void pause(const watch::Step& step) {
    timer_.expires_after(step.time);
    timer_.async_wait(alive([](Driver& self, const boost::system::error_code& error) {
      if (!error) {
        self.reflector_.onBackoffOver();
        self.perform();
      }
    }));
  }

  void handOver(const std::optional<watch::Update>& update) {
    if (update) {
      deliver_(*update);
    }
  }

  void report() {
    if (reflector_.trouble() != reported_) {
      reported_ = reflector_.trouble();
      if (!reported_.empty()) {
        spdlog::debug("watch of {}: {}", what_, reported_);
      }
    }
  }

  KubeClient& client_;
  boost::asio::steady_timer timer_;
  std::string what_;
  watch::Reflector reflector_;
  std::function<void(const watch::Update&)> deliver_;
  std::unique_ptr<KubeClient::Stream> stream_;
  nanoseconds silence_{};
  std::string reported_;
};

class DrivingWatcher : public Watcher {
 public:
  explicit DrivingWatcher(std::shared_ptr<Driver> driver) : driver_(std::move(driver)) {}
  std::optional<MonoTime> lastContact() const override { return driver_->lastContact(); }

 private:
  std::shared_ptr<Driver> driver_;
};

}  // namespace

std::unique_ptr<Watcher> startWatch(boost::asio::io_context& io, KubeClient& client, Clock& clock,
                                    Rng& rng, WatchTarget target,
                                    std::function<void(const watch::Update&)> deliver) {
  auto driver = std::make_shared<Driver>(io, client, clock, rng, target, std::move(deliver));
  driver->perform();
  return std::make_unique<DrivingWatcher>(std::move(driver));
}

}  // namespace hitless::sys
