#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>

#include "core/watch/reflector.h"
#include "testing/watch_lines.h"
#include "testing/watermark/api.h"
#include "testing/watermark/queue.h"

namespace hitless::testing::watermark {

/// One reflector and the server's side of its requests. Events of a stream keep their order;
/// between streams there is none. Outlives everything that it has planned: see stop().
class Stream {
 public:
  using Deliver = std::function<void(const watch::Update&)>;

  /// `node`: only pods of this node.
  Stream(Queue& queue, FakeClock& clock, Rng& rng, Api& api, Kind kind, std::string node,
         Deliver deliver)
      : queue_(queue),
        chance_(rng),
        api_(api),
        kind_(kind),
        node_(std::move(node)),
        deliver_(std::move(deliver)),
        reflector_(watch::ReflectorOptions{"/collection", {}, {}, 500, {}, false}, clock, rng) {
    drive();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void stop() { stopped_ = true; }
  /// Nothing arrives for a while.
  void stall(nanoseconds time) { stalledUntil_ = std::max(stalledUntil_, queue_.now() + time); }
  /// The server ends the watch, or the connection breaks; what is under way is lost.
  void disconnect(bool broken) {
    if (open_) {
      broken ? reflector_.onWatchError(Error{ErrorKind::kUnavailable, "reset", "", "", 0})
             : reflector_.onWatchEnd(200);
      drive();
    }
  }
  void bookmark() {
    if (open_) {
      send(fmt::format(R"({{"type":"BOOKMARK","object":{}}})", listItem("", revision())));
    }
  }
  /// Sends what the watch has not been sent yet.
  void pump() {
    if (!open_) {
      return;
    }
    for (const auto& history = api_.history(kind_); sent_ < history.size(); ++sent_) {
      if (mine(history[sent_])) {
        send(history[sent_].line());
      }
    }
  }

 private:
  bool mine(const News& news) const { return node_.empty() || news.node == node_; }
  int revision() const { return static_cast<int>(api_.revision()); }

  void drive() {
    const watch::Step& step = reflector_.step();
    if (stopped_ || step.number == driven_) {
      return;
    }
    driven_ = step.number;
    open_ = false;
    if (step.state == watch::ReflectorState::kBackingOff) {
      return after(step.time, [this] { reflector_.onBackoffOver(); });
    }
    const bool watching = step.state == watch::ReflectorState::kWatching;
    after(chance_.lag(), [this, watching] { watching ? connect() : list(); });
  }

  /// Carried out if the reflector is still at the same step by then.
  void after(nanoseconds delay, std::function<void()> act) {
    const MonoTime time = std::max(queue_.now() + delay, stalledUntil_);
    queue_.at(time, [this, number = driven_, act = std::move(act)] {
      if (!stopped_ && reflector_.step().number == number) {
        act();
        drive();
      }
    });
  }

  void list() {
    std::string items;
    for (const auto& [name, news] : api_.state(kind_)) {
      if (mine(news)) {
        items += (items.empty() ? "" : ",") + news.object;
      }
    }
    after(chance_.lag(), [this, page = listPage(revision(), items)] {
      if (const auto update = reflector_.onPage(200, page)) {
        deliver_(*update);
      }
    });
  }

  void connect() {
    const std::string& target = reflector_.step().target;
    const bool initial = target.find("sendInitialEvents") != std::string::npos;
    if (initial && !api_.watchList) {
      return reflector_.onWatchEnd(400);
    }
    open_ = true;
    const auto& history = api_.history(kind_);
    if (initial) {
      for (const auto& [name, news] : api_.state(kind_)) {
        if (mine(news)) {
          send(fmt::format(R"({{"type":"ADDED","object":{}}})", news.object));
        }
      }
      sent_ = history.size();
      return send(initialEventsEnd(revision()));
    }
    const std::string key = "resourceVersion=";
    const auto from =
        std::strtoull(target.c_str() + target.find("&" + key) + key.size() + 1, nullptr, 10);
    if (from < api_.oldest(kind_)) {
      return send(watchError(410));
    }
    sent_ = static_cast<std::size_t>(
        std::find_if(history.begin(), history.end(),
                     [&](const News& news) { return news.revision > from; }) -
        history.begin());
    pump();
  }

  void send(std::string line) {
    arrived_ = std::max({arrived_, queue_.now() + chance_.lag(), stalledUntil_});
    queue_.at(arrived_, [this, number = driven_, line = std::move(line)] {
      if (stopped_ || reflector_.step().number != number) {
        return;
      }
      if (const auto update = reflector_.onLine(line)) {
        deliver_(*update);
      }
      drive();
    });
  }

  Queue& queue_;
  Chance chance_;
  Api& api_;
  Kind kind_;
  std::string node_;
  Deliver deliver_;
  watch::Reflector reflector_;
  bool stopped_ = false;
  bool open_ = false;
  int driven_ = -1;
  std::size_t sent_ = 0;
  MonoTime arrived_{};
  MonoTime stalledUntil_{};
};

}  // namespace hitless::testing::watermark
