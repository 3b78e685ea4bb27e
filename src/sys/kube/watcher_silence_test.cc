#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>

#include "sys/kube/watcher.h"
#include "testing/fake_clock.h"
#include "testing/fake_rng.h"
#include "testing/watch_lines.h"

/// What a watcher does about servers that are not there, without waiting for them.
namespace hitless::sys {
namespace {

using hitless::testing::initialEventsEnd;
using hitless::testing::listPage;
using hitless::testing::watchEvent;
using ::testing::HasSubstr;

/// A client whose answers the test gives.
class HandClient : public KubeClient {
 public:
  struct Open : Stream {
    HandClient& client;
    explicit Open(HandClient& owner) : client(owner) {}
    ~Open() override { --client.streams; }
    void allowSilence(nanoseconds longest) override { client.silence = longest; }
  };

  void send(Request request, Done answer) override {
    target = request.target;
    silence = request.timeout;
    done = std::move(answer);
  }
  std::unique_ptr<Stream> stream(std::string where, nanoseconds longest, OnLine onLine,
                                 OnEnd onEnd) override {
    ++streams;
    target = std::move(where);
    silence = longest;
    line = std::move(onLine);
    end = std::move(onEnd);
    return std::make_unique<Open>(*this);
  }

  std::string target;
  nanoseconds silence{};  ///< What the watcher accepts now.
  int streams = 0;
  Done done;
  OnLine line;
  OnEnd end;
};

struct WatcherSilenceTest : ::testing::Test {
  boost::asio::io_context io;
  hitless::testing::FakeClock clock;
  hitless::testing::FakeRng rng;
  HandClient client;
  int updates = 0;
  std::unique_ptr<Watcher> watcher;

  void SetUp() override {
    WatchTarget target;
    target.resource = &kube::res::kServices;
    watcher =
        startWatch(io, client, clock, rng, target, [this](const watch::Update&) { ++updates; });
  }
  /// The server says nothing for as long as the watcher accepts.
  void fallSilent() {
    clock.advance(client.silence);
    // A copy: the watcher replaces it.
    const auto over =
        client.target.find("watch=true") != std::string::npos ? client.end : client.done;
    over(fail(ErrorKind::kUnavailable, "nothing received"));
  }
  /// Until the watcher asks again after its pause.
  void waitForNextAttempt() {
    client.target.clear();
    while (client.target.empty() && io.run_one() > 0) {
    }
    io.restart();
  }
};

TEST_F(WatcherSilenceTest, PatienceFitsWhatIsExpected) {
  EXPECT_THAT(client.target, HasSubstr("sendInitialEvents=true"));
  EXPECT_EQ(client.silence, seconds(30)) << "the initial events come at once";
  client.line(initialEventsEnd(10));
  EXPECT_EQ(client.silence, seconds(150)) << "two bookmarks are missing by then";
  EXPECT_EQ(client.streams, 1);
}

TEST_F(WatcherSilenceTest, ASilentWatchIsOpenedAgainWhereItWas) {
  client.line(initialEventsEnd(10));
  const MonoTime contact = *watcher->lastContact();
  fallSilent();
  EXPECT_THAT(client.target, HasSubstr("resourceVersion=10&"));
  EXPECT_EQ(client.streams, 1) << "the silent one was closed";
  EXPECT_EQ(watcher->lastContact(), contact);
  client.line(watchEvent("BOOKMARK", "", 12));
  EXPECT_EQ(watcher->lastContact(), contact + seconds(150));
}

TEST_F(WatcherSilenceTest, ASilentServerIsAskedForTheStateInBothWays) {
  fallSilent();
  EXPECT_THAT(client.target, HasSubstr("?limit=500"));
  fallSilent();
  waitForNextAttempt();
  EXPECT_THAT(client.target, HasSubstr("sendInitialEvents=true"));
  client.line(initialEventsEnd(10));
  EXPECT_EQ(updates, 1);
}

TEST_F(WatcherSilenceTest, AnEndedWatcherCallsNobody) {
  const auto line = client.line;
  const auto end = client.end;
  watcher.reset();
  EXPECT_EQ(client.streams, 0);
  line(initialEventsEnd(10));
  end(HttpResponse{200, ""});
  EXPECT_EQ(updates, 0);
}

}  // namespace
}  // namespace hitless::sys
