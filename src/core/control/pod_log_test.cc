#include "core/control/pod_log.h"

#include "testing/api_fixture.h"

namespace hitless::control {
namespace {

constexpr const char* kLog =
    "2026-11-21T19:40:02.000000001Z stdout F one\n"
    "2026-11-21T19:40:03.000000001Z stdout P tw\n"
    "2026-11-21T19:40:03.500000001Z stdout F o\n"
    "2026-11-21T19:40:04.000000001Z stderr F \n"
    "not a record\n";

std::string printed(const LogQuery& query, std::size_t step) {
  LogPrinter printer(query);
  std::string out;
  const std::string_view log = kLog;
  for (std::size_t at = 0; at < log.size(); at += step) {
    out += printer.feed(log.substr(at, step));
  }
  return out + printer.endOfHistory();
}

TEST(LogPrinter, PrintsRecordsHoweverTheyArrive) {
  for (const std::size_t step : {1, 7, 1000}) {
    EXPECT_EQ(printed({}, step), "one\ntwo\n\nnot a record\n") << step;
  }
}

TEST(LogPrinter, TailSinceTimestampsAndLimit) {
  LogQuery tail;
  tail.tailLines = 2;
  EXPECT_EQ(printed(tail, 9), "\nnot a record\n");
  tail.tailLines = 0;
  EXPECT_EQ(printed(tail, 9), "");
  LogQuery since;
  since.since = parseTime("2026-11-21T19:40:03Z");
  since.timestamps = true;
  EXPECT_EQ(printed(since, 9).substr(0, 35), "2026-11-21T19:40:03.000000001Z two\n");
  LogQuery limit;
  limit.limitBytes = 6;
  EXPECT_EQ(printed(limit, 5), "one\ntw");
}

class PodLogTest : public ApiFixture {
 protected:
  std::string message(const std::string& query) {
    return std::string(
        kube::text(parse(call("GET", std::string(kPods) + "/p/log" + query).body), {"message"}));
  }
  LogQuery query(const std::string& parameters) {
    ApiReply answer = reply("GET", std::string(kPods) + "/p/log" + parameters);
    const auto* found = std::get_if<LogQuery>(&answer);
    EXPECT_NE(found, nullptr);
    return found == nullptr ? LogQuery{} : *found;
  }
};

TEST_F(PodLogTest, ChoosesContainerAndRun) {
  object(
      201, "POST", kPods,
      {R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i"},{"name":"b","image":"i"}],
              "initContainers":[{"name":"i","image":"i"}]}})"});
  EXPECT_EQ(message(""),
            "a container name must be specified for pod p, choose one of: [a b] or one of the init "
            "containers: [i]");
  EXPECT_EQ(message("?container=z"), "container z is not valid for pod p");
  EXPECT_EQ(call("GET", std::string(kPods) + "/p/log?container=a").body, "") << "no node yet";
  object(201, "POST", std::string(kPods) + "/p/binding", {R"({"target":{"name":"n"}})"});
  EXPECT_EQ(message("?container=a"),
            "container \"a\" in pod \"p\" is waiting to start: ContainerCreating");
  object(200, "PATCH", std::string(kPods) + "/p/status",
         {R"({"status":{"containerStatuses":[
              {"name":"a","image":"i","imageID":"","ready":false,"restartCount":2,"state":{"running":{}}},
              {"name":"b","image":"i","imageID":"","ready":false,"restartCount":0,"state":{"running":{}}}]}})",
          kMerge});
  EXPECT_EQ(query("?container=a&follow=true").run.restarts, 2);
  EXPECT_EQ(query("?container=a&previous=true").run.restarts, 1);
  EXPECT_EQ(message("?container=b&previous=true"),
            "previous terminated container \"b\" in pod \"p\" not found");
  EXPECT_TRUE(stillRunning(store, query("?container=a").run));
  EXPECT_FALSE(stillRunning(store, query("?container=a&previous=true").run));
}

}  // namespace
}  // namespace hitless::control
