#include "core/report/foreign.h"

#include <gtest/gtest.h>

namespace hitless::report {
namespace {

const WallTime kStarted{seconds{1000}};
const WallTime kEnded{seconds{1020}};

Result<NamedLoad> read(std::string_view json) {
  return foreignLoad({"grpc", "python3 client.py", kStarted, kEnded},
                     kube::parseJson(json).value().get_object());
}

TEST(ForeignLoad, FillsInWhatFollows) {
  const auto load = read(R"({"schema": "hitless.io/load/v1", "sent": 10, "failures": {"list": [
      {"cause": "connection-refused", "time": {"failed": 1003000000000}},
      {"cause": "http-5xx", "time": {"failed": 1004000000000, "connect": 1003900000000}}]}})");
  ASSERT_TRUE(load) << load.error().text();
  EXPECT_EQ(load->client, "python3 client.py");
  EXPECT_TRUE(load->result.spec.url.empty());
  EXPECT_EQ(load->result.failed, 2U);
  EXPECT_EQ(load->result.succeeded, 8U);
  EXPECT_EQ(load->result.scheduled, 10U);
  EXPECT_EQ(load->result.started, kStarted);
  EXPECT_EQ(load->result.duration, seconds{20});
  EXPECT_EQ(load->result.failures.counts.at(load::Cause::kHttp5xx), 1U);
  EXPECT_EQ(load->result.failures.listed[0].scheduled, WallTime{seconds{1003}});
  EXPECT_EQ(load->result.failures.listed[1].scheduled, WallTime{milliseconds{1003900}});
}

TEST(ForeignLoad, KeepsWhatIsSaid) {
  const auto load = read(R"({"schema": "hitless.io/load/v1", "load": {"url": "http://web:80/"},
      "succeeded": 5, "failed": 1, "failures": {"causes": {"connect-timeout": 1}},
      "notes": ["the first", "the second"],
      "startedUnixNs": 1001000000000, "durationNs": 5000000000})");
  ASSERT_TRUE(load) << load.error().text();
  EXPECT_EQ(load->result.spec.url, "http://web:80/");
  EXPECT_EQ(load->result.sent, 6U);
  EXPECT_EQ(load->result.notes, (std::vector<std::string>{"the first", "the second"}));
  EXPECT_EQ(load->result.started, WallTime{seconds{1001}});
  EXPECT_EQ(load->result.duration, seconds{5});
}

TEST(ForeignLoad, RefusesContradictionsAndSaysWhichLoad) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"sent": 1})", "this is not the result of a load"},
      {R"({"schema": "hitless.io/load/v1", "sent": 5, "succeeded": 1, "failed": 0})",
       "sent is 5, but succeeded and failed are 1 and 0"},
      {R"({"schema": "hitless.io/load/v1", "sent": 5, "failed": 3})",
       "failed is 3, but failures.causes explains 0"},
      {R"({"schema": "hitless.io/load/v1", "failures": {"list": [{"cause": "no-endpoint"}]}})",
       "entry 0 of a list of failures has no time.failed"},
      {R"({"schema": "hitless.io/load/v1", "failures": {"list": [{"cause": "bad luck"}]}})",
       "no known cause"},
      {R"({"schema": "hitless.io/load/v1", "notes": "one"})", "notes must be a list"},
      {R"({"schema": "hitless.io/load/v1", "notes": [1]})", "each of the notes must be a line"},
      {R"({"schema": "hitless.io/load/v1", "notes": ["two\nlines"]})",
       "each of the notes must be a line"},
      {R"({"schema": "hitless.io/load/v1", "notes": [""]})", "each of the notes must be a line"},
  };
  for (const auto& [json, word] : cases) {
    const auto load = read(json);
    ASSERT_FALSE(load) << json;
    EXPECT_EQ(load.error().subject, "result of load 'grpc'");
    EXPECT_NE(load.error().message.find(word), std::string::npos) << load.error().text();
  }
}

}  // namespace
}  // namespace hitless::report
