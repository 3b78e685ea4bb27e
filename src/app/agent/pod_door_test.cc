#include "app/agent/pod_door.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "app/agent/pod_door_client.h"
#include "sys/clock/real_clock.h"
#include "sys/http/client.h"
#include "testing/result.h"
#include "testing/temp_folder.h"

namespace hitless::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Isolation : public PodIsolation {
 public:
  void isolate(PodSandboxClaim claim, std::function<void(Status)> done) override {
    claims.push_back(claim);
    pending.push_back(std::move(done));
    if (atOnce) {
      pending.back()(*atOnce);
    }
  }
  void release(const PodSandboxClaim& claim) override { released.push_back(claim); }
  Status check(const PodSandboxClaim&) override { return holds; }

  std::optional<Status> atOnce = Status{};
  Status holds;
  std::vector<PodSandboxClaim> claims;
  std::vector<PodSandboxClaim> released;
  std::vector<std::function<void(Status)>> pending;
};

class PodDoorTest : public ::testing::Test {
 protected:
  PodDoorTest() { door_.open(); }
  ~PodDoorTest() override {
    door_.close();
    io_.restart();
    io_.poll();
  }

  static PodRequest request(const std::string& sandbox = "s-1") {
    return {{"shop", "web-1", "u-1", {*IpAddress::parse("10.1.0.2"), *IpAddress::parse("fd00::2")}},
            sandbox};
  }
  Status call(void (PodDoorClient::*ask)(const PodRequest&, nanoseconds, PodDoorClient::Done),
              const PodRequest& request, nanoseconds timeout = seconds(10)) {
    std::optional<Status> answer;
    (client_.*ask)(request, timeout, [&](Status status) { answer = std::move(status); });
    while (!answer) {
      io_.restart();
      io_.run_one_for(std::chrono::seconds(1));
    }
    return *answer;
  }
  Status add(const PodRequest& request) { return call(&PodDoorClient::add, request); }
  Status del(const PodRequest& request) { return call(&PodDoorClient::del, request); }

  testing::TempFolder folder_;
  boost::asio::io_context io_;
  sys::RealClock clock_;
  Isolation isolation_;
  std::string path_ = folder_.path() / "run/agent.sock";
  PodDoor door_{io_, isolation_, path_};
  PodDoorClient client_{io_, clock_, path_};
};

TEST_F(PodDoorTest, HandsClaimsOver) {
  ASSERT_OK(add(request()));
  EXPECT_THAT(isolation_.claims, ElementsAre(request().claim));
  ASSERT_OK(call(&PodDoorClient::check, request()));
  ASSERT_OK(del(request()));
  EXPECT_THAT(isolation_.released, ElementsAre(request().claim));
}

TEST_F(PodDoorTest, AnswersWhenTheAddressesAreIsolated) {
  isolation_.atOnce.reset();
  bool answered = false;
  client_.add(request(), seconds(10), [&](const Status& status) { answered = status.has_value(); });
  while (isolation_.pending.empty()) {
    io_.run_one();
  }
  io_.poll();
  EXPECT_FALSE(answered);
  isolation_.pending.front()({});
  while (!answered) {
    io_.run_one();
  }
}

TEST_F(PodDoorTest, PassesOnWhyAPodCannotBeLetIn) {
  isolation_.atOnce = fail(ErrorKind::kUnavailable, "nobody knows the pod", "see the API server");
  isolation_.holds = fail(ErrorKind::kNotFound, "not isolated any more");
  const Status refused = add(request());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(refused.error().text(), "nobody knows the pod (see the API server)");
  EXPECT_EQ(call(&PodDoorClient::check, request()).error().kind, ErrorKind::kNotFound);
}

TEST_F(PodDoorTest, SaysWhatIsWrongWithAClaim) {
  PodRequest nameless = request();
  nameless.claim.name.clear();
  EXPECT_THAT(add(nameless).error().text(), HasSubstr("\"name\""));
  PodRequest foreign = request();
  foreign.claim.ns = "../etc";
  EXPECT_THAT(add(foreign).error().text(), HasSubstr("../etc"));
  PodRequest unaddressed = request();
  unaddressed.claim.addresses.clear();
  EXPECT_THAT(add(unaddressed).error().text(), HasSubstr("\"addresses\""));
  EXPECT_THAT(isolation_.claims, IsEmpty());
  for (const char* body : {"", "garbage", "[]", R"({"namespace":1})",
                           R"({"namespace":"a","name":"b","addresses":["ten"]})"}) {
    sys::PlainRequest raw{"POST", "localhost", 0, kPodsAdd, {}, body, seconds(10)};
    raw.unixSocket = path_;
    int status = 0;
    sys::sendPlain(io_, raw, [&](const Result<sys::HttpResponse>& got) { status = got->status; });
    while (status == 0) {
      io_.restart();
      io_.run_one_for(std::chrono::seconds(1));
    }
    EXPECT_EQ(status, 400) << body;
  }
}

TEST_F(PodDoorTest, KeepsTheClaimOfANewerSandbox) {
  ASSERT_OK(add(request("s-1")));
  ASSERT_OK(add(request("s-2")));
  ASSERT_OK(del(request("s-1")));
  EXPECT_THAT(isolation_.released, IsEmpty()) << "a runtime deletes a failed attempt late";
  ASSERT_OK(del(request("s-2")));
  EXPECT_EQ(isolation_.released.size(), 1U);
}

TEST_F(PodDoorTest, LeavesClaimsToTheAgentThatComesNext) {
  ASSERT_OK(add(request("s-1")));
  PodRequest other = request("s-2");
  other.claim.name = "web-2";
  other.claim.addresses = {*IpAddress::parse("fd00::2")};  // It was web-1's.
  ASSERT_OK(add(other));
  PodRequest ended = request("s-3");
  ended.claim.name = "web-3";
  ended.claim.addresses = {*IpAddress::parse("10.1.0.9")};
  ASSERT_OK(add(ended));
  ASSERT_OK(del(ended));
  door_.close();
  io_.poll();

  Isolation next;
  PodDoor successor(io_, next, path_);
  successor.open();
  PodSandboxClaim first = request().claim;
  first.addresses.pop_back();
  EXPECT_THAT(next.claims, ElementsAre(first, other.claim));
  successor.close();
}

TEST_F(PodDoorTest, OpensWhateverIsInTheFileOfClaims) {
  for (const char* text : {"", "garbage", "{}", "[{\"namespace\":1}]"}) {
    const testing::TempFolder folder;
    folder.write("agent.claims.json", text);
    Isolation next;
    PodDoor successor(io_, next, folder.path() / "agent.sock");
    successor.open();
    EXPECT_THAT(next.claims, IsEmpty());
    successor.close();
  }
}

TEST_F(PodDoorTest, CollectsClaimsWhoseSandboxesAreGone) {
  for (const char* name : {"kept", "gone", "foreign"}) {
    PodRequest each = request(name);
    each.claim.name = name;
    each.claim.addresses = {*IpAddress::parse(fmt::format("10.1.0.{}", int{name[0]}))};
    each.network = std::string(name) == "foreign" ? "other" : "pods";
    ASSERT_OK(add(each));
  }
  std::optional<Status> answer;
  client_.collect({"pods", {"kept"}}, seconds(10), [&](Status given) { answer = given; });
  while (!answer) {
    io_.restart();
    io_.run_one_for(std::chrono::seconds(1));
  }
  ASSERT_OK(*answer);
  ASSERT_EQ(isolation_.released.size(), 1U);
  EXPECT_EQ(isolation_.released.front().name, "gone");
}

TEST_F(PodDoorTest, IsWaitedForWhileTheAgentStartsAgain) {
  door_.close();
  io_.poll();
  const Status early = call(&PodDoorClient::add, request(), milliseconds(1));
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(early.error().text(), HasSubstr("--pod-socket " + path_));

  bool answered = false;
  client_.add(request(), seconds(10), [&](const Status& status) { answered = status.has_value(); });
  io_.restart();
  io_.poll();
  PodDoor successor(io_, isolation_, path_);
  successor.open();
  while (!answered) {
    io_.restart();
    ASSERT_GT(io_.run_one_for(std::chrono::seconds(20)), 0U);
  }
  successor.close();
}

RC_GTEST_PROP(PodClaimJson, SurvivesTheRoundTripAndAnyBytes,
              (const std::string& uid, const std::string& bytes)) {
  PodRequest request{{"shop", "web-1", "", {*IpAddress::parse("10.1.0.2")}}, "s", "pods"};
  for (const char c : uid) {  // JSON is UTF-8.
    request.claim.uid += static_cast<char>(c & 0x7f);
  }
  RC_ASSERT(podRequestOf(jsonOf(request)).value() == request);
  (void)podRequestOf(bytes);
  (void)validSandboxesOf(bytes);
  (void)statusOf({500, bytes});
}

}  // namespace
}  // namespace hitless::app
