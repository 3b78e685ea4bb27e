#include "sys/kube/watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "sys/clock/real_clock.h"
#include "testing/tls_server.h"
#include "testing/watch_lines.h"

/// A watcher against a real TLS server that misbehaves in every way that servers do.
namespace hitless::sys {
namespace {

using hitless::testing::initialEventsEnd;
using hitless::testing::listItem;
using hitless::testing::listPage;
using hitless::testing::TestCertificate;
using hitless::testing::TlsServer;
using hitless::testing::watchError;
using hitless::testing::watchEvent;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Peer = TlsServer::Connection;

constexpr const char* kStreamHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What the server does on each connection in turn; on every further one it keeps quiet.
using Script = std::vector<std::function<void(Peer&)>>;

auto answers(std::string body, int status = 200) {
  return [body, status](Peer& peer) { peer.answer(body, status); };
}
/// A stream with these lines that ends as an HTTP message should.
auto streams(std::vector<std::string> lines) {
  return [lines](Peer& peer) {
    peer.write(kStreamHead);
    for (const std::string& line : lines) {
      peer.chunk(line + "\n");
    }
    peer.write("0\r\n\r\n");
  };
}
/// A stream that stays open until the client leaves it.
auto holds(std::vector<std::string> lines) {
  return [lines](Peer& peer) {
    peer.write(kStreamHead);
    for (const std::string& line : lines) {
      peer.chunk(line + "\n");
    }
    peer.readRequest();
  };
}

const TestCertificate& certificate() {
  static const TestCertificate made = TestCertificate::make();
  return made;
}

class WatcherTest : public ::testing::Test {
 protected:
  void play(Script script) {
    script_ = std::move(script);
    server_.emplace(certificate(), [this](Peer& peer, int index) {
      const std::string head = peer.readRequest();
      {
        const std::lock_guard lock(mutex_);
        targets_.push_back(head.substr(0, head.find(" HTTP/")));
      }
      static_cast<std::size_t>(index) < script_.size()
          ? script_[static_cast<std::size_t>(index)](peer)
          : static_cast<void>(peer.readRequest());
    });
    client_ = *KubeClient::create(
        io_, clock_, {"127.0.0.1", server_->port(), certificate().certPem, "", {}, {}});
    WatchTarget target;
    target.resource = &kube::res::kPods;
    watcher_ = startWatch(io_, *client_, clock_, rng_, target,
                          [this](const watch::Update& update) { take(update); });
  }
  void TearDown() override {
    watcher_.reset();
    client_.reset();
    server_.reset();
  }

  void take(const watch::Update& update) {
    if (update.kind == watch::Update::Kind::kFull) {
      known_.clear();
      ++fulls_;
    }
    for (const watch::Change& change : update.changes) {
      const std::string name(kube::text(*change.object, {"metadata", "name"}));
      change.type == watch::ChangeType::kDelete ? static_cast<void>(known_.erase(name))
                                                : static_cast<void>(known_.insert(name));
    }
    revision_ = update.revision;
  }
  /// Runs until the consumer is at this revision.
  bool reaches(std::uint64_t revision) {
    const auto limit = std::chrono::steady_clock::now() + seconds(20);
    while (revision_ != revision && std::chrono::steady_clock::now() < limit) {
      io_.run_one_for(seconds(1));
      io_.restart();
    }
    return revision_ == revision;
  }
  std::vector<std::string> targets() {
    const std::lock_guard lock(mutex_);
    return targets_;
  }
  void clearTargets() {
    const std::lock_guard lock(mutex_);
    targets_.clear();
  }
  /// Whether the request at `index` was for the initial events, a page or a plain watch.
  std::string kindOf(std::size_t index) {
    const std::string target = targets().at(index);
    return target.find("sendInitialEvents") != std::string::npos ? "watch-list"
           : target.find("watch=true") != std::string::npos      ? "watch"
                                                                 : "list";
  }

  boost::asio::io_context io_;
  RealClock clock_;
  RealRng rng_;
  std::set<std::string> known_;
  int fulls_ = 0;
  std::uint64_t revision_ = 0;
  std::unique_ptr<Watcher> watcher_;

 private:
  Script script_;
  std::mutex mutex_;
  std::vector<std::string> targets_;
  std::optional<TlsServer> server_;
  std::unique_ptr<KubeClient> client_;
};

const std::string kInitial = watchEvent("ADDED", "a", 3);

TEST_F(WatcherTest, StateAndChangesComeOnOneStream) {
  play({holds({kInitial, initialEventsEnd(10), watchEvent("ADDED", "b", 11)})});
  EXPECT_FALSE(watcher_->lastContact());
  ASSERT_TRUE(reaches(11));
  EXPECT_THAT(known_, ElementsAre("a", "b"));
  EXPECT_EQ(fulls_, 1);
  EXPECT_EQ(targets().size(), 1U);
  EXPECT_LT(clock_.mono() - *watcher_->lastContact(), seconds(20));
}

TEST_F(WatcherTest, AnOldServerIsListedInPages) {
  play({answers("{}", 422), answers(listPage(10, listItem("a", 3), "next")),
        answers(listPage(10, listItem("b", 4))), holds({watchEvent("DELETED", "a", 12)})});
  ASSERT_TRUE(reaches(12));
  EXPECT_THAT(known_, ElementsAre("b"));
  EXPECT_THAT(targets()[1], HasSubstr("?limit=500"));
  EXPECT_THAT(targets()[2], HasSubstr("continue=next"));
  EXPECT_THAT(targets()[3], HasSubstr("resourceVersion=10&"));
}

TEST_F(WatcherTest, APageThatIsGoneStartsTheListAgainWithoutPages) {
  play({answers("{}", 422), answers(listPage(10, listItem("stale", 3), "next")), answers("{}", 410),
        answers(listPage(20, listItem("a", 3))), holds({})});
  ASSERT_TRUE(reaches(20));
  EXPECT_THAT(known_, ElementsAre("a"));
  EXPECT_THAT(targets()[3], HasSubstr("?limit=0"));
  EXPECT_EQ(fulls_, 1) << "the first page was not delivered";
}

TEST_F(WatcherTest, AServerThatDiesInAListOrAmongInitialEventsIsAskedAgain) {
  play(
      {[](Peer& peer) {  // Ends in the middle of the initial events, without the last chunk.
         peer.write(kStreamHead);
         peer.chunk(watchEvent("ADDED", "stale", 3) + "\n");
       },
       answers("{}", 422),
       [](Peer& peer) { peer.write("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"items\":["); },
       [](Peer&) {},  // Closes without a word.
       answers(listPage(10, listItem("a", 3))), holds({})});
  ASSERT_TRUE(reaches(10));
  EXPECT_THAT(known_, ElementsAre("a"));
}

TEST_F(WatcherTest, ARestartingServerCostsNoList) {
  play({[](Peer& peer) {  // Dies right after the state has been sent.
          peer.write(kStreamHead);
          peer.chunk(kInitial + "\n" + initialEventsEnd(10) + "\n");
        },
        [](Peer&) {}, answers("{}", 503), [](Peer&) {}, holds({watchEvent("ADDED", "b", 11)})});
  ASSERT_TRUE(reaches(11));
  EXPECT_THAT(known_, ElementsAre("a", "b"));
  EXPECT_EQ(fulls_, 1);
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_THAT(targets()[i], HasSubstr("resourceVersion=10&")) << i;
  }
}

TEST_F(WatcherTest, AWatchThatEndsGoesOnFromItsBookmark) {
  play({streams({kInitial, initialEventsEnd(10), watchEvent("BOOKMARK", "", 40)}),
        holds({watchEvent("ADDED", "b", 41)})});
  ASSERT_TRUE(reaches(41));
  EXPECT_THAT(targets()[1], HasSubstr("resourceVersion=40&"));
  EXPECT_EQ(fulls_, 1);
}

TEST_F(WatcherTest, AHistoryThatIsGoneBringsTheStateAgain) {
  for (const bool inStream : {true, false}) {
    SCOPED_TRACE(inStream);
    revision_ = 0;
    play({streams({kInitial, initialEventsEnd(10)}),
          inStream ? Script::value_type(streams({watchError(410)})) : answers("{}", 410),
          holds({watchEvent("ADDED", "c", 44), initialEventsEnd(50)})});
    ASSERT_TRUE(reaches(50));
    EXPECT_THAT(known_, ElementsAre("c"));
    EXPECT_EQ(kindOf(2), "watch-list");
    TearDown();
    clearTargets();
  }
}

TEST_F(WatcherTest, GarbageInAStreamBringsTheStateAgain) {
  play({holds({kInitial, initialEventsEnd(10), "<html>502 Bad Gateway</html>"}),
        holds({watchEvent("ADDED", "b", 20), initialEventsEnd(20)})});
  ASSERT_TRUE(reaches(20));
  EXPECT_THAT(known_, ElementsAre("b"));
}

TEST_F(WatcherTest, AProxyThatKnowsNoWatchIsListed) {
  play({answers("<html>", 400), answers("<html>", 200), answers("{}", 429),
        answers(listPage(10, listItem("a", 3))), holds({watchEvent("ADDED", "b", 11)})});
  ASSERT_TRUE(reaches(11));
  EXPECT_EQ(kindOf(1), "list");
  EXPECT_EQ(kindOf(4), "watch");
}

}  // namespace
}  // namespace hitless::sys
