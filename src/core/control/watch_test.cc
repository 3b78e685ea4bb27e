#include "core/control/watch.h"

#include "base/text.h"
#include "testing/api_fixture.h"

namespace hitless::control {
namespace {

class WatchTest : public ApiFixture {
 protected:
  WatchTest() : ApiFixture(false, 60) {}

  std::unique_ptr<Watch> watch(const std::string& query, const char* accept = "application/json") {
    ApiReply answer = reply("GET", std::string(kMaps) + "?watch=true&" + query, {"", "", accept});
    auto* stream = std::get_if<std::unique_ptr<Watch>>(&answer);
    if (stream == nullptr) {
      ADD_FAILURE() << std::get<ApiResponse>(answer).body;
      return nullptr;
    }
    return std::move(*stream);
  }

  /// "ADDED a,MODIFIED b" of a stream's lines.
  static std::string told(const std::string& lines) {
    std::vector<std::string> out;
    for (const std::string_view line : split(lines, '\n')) {
      if (!line.empty()) {
        const auto event = parse(std::string(line));
        const auto& object = event.at("object").as_object();
        out.push_back(std::string(kube::text(event, {"type"})) + " " + std::string(nameOf(object)));
      }
    }
    return join(out, ",");
  }

  /// Everything that a watch says while `work` runs.
  std::string during(Watch& stream, const std::function<void()>& work) {
    std::string lines;
    const auto subscription = store.subscribe([&](const StoreEvent& event) {
      EncodedEvent encoded(event);
      lines += stream.onEvent(encoded);
    });
    work();
    store.cancel(subscription);
    return lines;
  }

  void put(const std::string& name, const std::string& label) {
    const std::string body =
        R"({"metadata":{"name":")" + name + R"(","labels":{"l":")" + label + R"("}}})";
    if (call("POST", kMaps, {body}).status == 409) {
      object(200, "PUT", std::string(kMaps) + "/" + name, {body});
    }
  }
};

TEST_F(WatchTest, BeginsWithTheStateOrAfterARevision) {
  put("a", "x");
  put("b", "x");
  const std::string rv = std::to_string(store.revision());
  put("c", "x");
  for (const char* query : {"", "resourceVersion=", "resourceVersion=0"}) {
    EXPECT_EQ(told(watch(query)->begin()), "ADDED a,ADDED b,ADDED c") << query;
  }
  EXPECT_EQ(told(watch("resourceVersion=" + rv)->begin()), "ADDED c");
  const std::string now = std::to_string(store.revision());
  EXPECT_EQ(watch("resourceVersion=" + now)->begin(), "");
}

TEST_F(WatchTest, ObjectsEnterAndLeaveTheSelector) {
  auto stream = watch("labelSelector=l%3Dx");
  EXPECT_EQ(stream->begin(), "");
  const std::string lines = during(*stream, [&] {
    put("a", "y");
    put("a", "x");
    put("a", "x2");
    put("b", "x");
    object(200, "PATCH", std::string(kMaps) + "/b", {R"({"data":{"k":"v"}})", kMerge});
    object(200, "DELETE", std::string(kMaps) + "/b");
    object(200, "DELETE", std::string(kMaps) + "/a");
  });
  EXPECT_EQ(told(lines), "ADDED a,DELETED a,ADDED b,MODIFIED b,DELETED b");
}

TEST_F(WatchTest, LeavingShowsTheLastMatchAtTheNewRevision) {
  put("a", "x");
  auto stream = watch("labelSelector=l%3Dx&resourceVersion=" + std::to_string(store.revision()));
  const std::string lines = during(*stream, [&] { put("a", "y"); });
  const auto last = parse(lines).at("object").as_object();
  EXPECT_EQ(kube::text(last, {"metadata", "labels", "l"}), "x");
  EXPECT_EQ(revisionOf(last), store.revision());
}

TEST_F(WatchTest, FieldSelectorsAndNamesNarrow) {
  put("a", "x");
  put("b", "x");
  EXPECT_EQ(told(watch("fieldSelector=metadata.name%3Db")->begin()), "ADDED b");
  ApiReply one = reply("GET", std::string(kMaps) + "/a?watch=1");
  EXPECT_EQ(told(std::get<std::unique_ptr<Watch>>(one)->begin()), "ADDED a");
  ApiReply elsewhere = reply("GET", "/api/v1/namespaces/kube-system/configmaps?watch=true");
  EXPECT_EQ(std::get<std::unique_ptr<Watch>>(elsewhere)->begin(), "");
}

TEST_F(WatchTest, TooOldAndFutureRevisionsExpire) {
  put("a", "x");
  for (int i = 0; i < 61; ++i) {
    put("a", std::to_string(i));
  }
  auto old = watch("resourceVersion=1");
  const auto error = parse(old->begin());
  EXPECT_TRUE(old->ended());
  EXPECT_EQ(kube::text(error, {"type"}), "ERROR");
  EXPECT_EQ(kube::text(error, {"object", "reason"}), "Expired");
  EXPECT_EQ(kube::integer(error, {"object", "code"}), 410);
  auto future = watch("resourceVersion=999999");
  EXPECT_NE(future->begin().find("\"code\":410"), std::string::npos);
}

TEST_F(WatchTest, WatchListEndsInAMarkedBookmark) {
  put("a", "x");
  auto stream =
      watch("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
  const std::string lines = stream->begin();
  EXPECT_EQ(told(lines), "ADDED a,BOOKMARK ");
  const auto bookmark = parse(lines.substr(lines.find('\n') + 1));
  EXPECT_EQ(
      kube::text(bookmark, {"object", "metadata", "annotations", "k8s.io/initial-events-end"}),
      "true");
  EXPECT_EQ(kube::text(bookmark, {"object", "metadata", "resourceVersion"}),
            std::to_string(store.revision()));
  EXPECT_EQ(call("GET", std::string(kMaps) + "?watch=true&sendInitialEvents=true").status, 422);
}

TEST_F(WatchTest, TablesCarryColumnsOnce) {
  auto stream = watch("", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
  put("a", "x");
  put("b", "x");
  const std::string lines = stream->begin();
  const auto first = parse(lines.substr(0, lines.find('\n'))).at("object").as_object();
  const auto second = parse(lines.substr(lines.find('\n') + 1)).at("object").as_object();
  EXPECT_EQ(kube::text(first, {"kind"}), "Table");
  EXPECT_EQ(kube::findArray(first, {"rows"})->size(), 1U);
  EXPECT_FALSE(kube::findArray(first, {"columnDefinitions"})->empty());
  const auto* later = kube::findArray(second, {"columnDefinitions"});
  EXPECT_TRUE(later == nullptr || later->empty());
}

TEST_F(WatchTest, TimeoutIsAsAskedOrHalfAnHourToAnHour) {
  EXPECT_EQ(watch("timeoutSeconds=7")->timeout(), seconds{7});
  const seconds chosen = watch("")->timeout();
  EXPECT_TRUE(chosen >= seconds{1800} && chosen < seconds{3600});
}

TEST_F(WatchTest, EventsAreEncodedOnceForAll) {
  auto first = watch("");
  auto second = watch("");
  const auto subscription = store.subscribe([&](const StoreEvent& event) {
    EncodedEvent encoded(event);
    EXPECT_EQ(first->onEvent(encoded), second->onEvent(encoded));
    EXPECT_EQ(encoded.line(EventType::kAdded).data(), encoded.line(EventType::kAdded).data());
  });
  put("a", "x");
  store.cancel(subscription);
}

}  // namespace
}  // namespace hitless::control
