#include "core/proxy/access_log/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "core/proxy/access_log/flags.h"

namespace hitless::proxy {
namespace {

using ::testing::HasSubstr;

Address address(std::string_view ip, std::uint16_t port) {
  return {*IpAddress::parse(ip), port};
}

RequestRecord request() {
  RequestRecord record;
  record.start = *parseTime("2026-11-22T18:04:05.0067Z");
  record.duration = milliseconds(1234);
  record.method = "GET";
  record.path = "/a?b=c";
  record.authority = "web.default";
  record.userAgent = "curl/7.88";
  record.forwardedFor = "10.0.0.9";
  record.requestId = "3f-1";
  record.status = 503;
  record.flags = Flags{} | Flag::kUpstreamConnectionTermination | Flag::kUpstreamRetryLimitExceeded;
  record.details = "upstream_reset_before_response_started{connection_termination}";
  record.bytesReceived = 7;
  record.bytesSent = 95;
  record.upstreamTime = milliseconds(12);
  record.upstream = address("10.244.1.3", 8080);
  record.upstreamPod = "default/web-1";
  record.cluster = "outbound|80||web.default.svc.cluster.local";
  record.upstreamLocal = address("10.244.0.1", 40000);
  record.downstreamLocal = address("10.96.0.7", 80);
  record.downstreamRemote = address("fd00::1", 50000);
  record.route = "default/web/0";
  record.attempts = 2;
  record.replays = {ReplayReason::kNeverAcknowledged};
  record.notReplayed = ReplayReason::kBudgetUsedUp;
  return record;
}

std::string line(const AccessLogFormat& format, const RequestRecord& record) {
  std::string out;
  format.append(out, record);
  return out;
}

TEST(AccessLogText, IsIstiosDefault) {
  EXPECT_EQ(line(AccessLogFormat::text(), request()),
            "[2026-11-22T18:04:05.006Z] \"GET /a?b=c HTTP/1.1\" 503 UC,URX "
            "upstream_reset_before_response_started{connection_termination} - \"-\" 7 95 1234 12 "
            "\"10.0.0.9\" \"curl/7.88\" \"3f-1\" \"web.default\" \"10.244.1.3:8080\" "
            "outbound|80||web.default.svc.cluster.local 10.244.0.1:40000 10.96.0.7:80 "
            "[fd00::1]:50000 - default/web/0\n");
}

TEST(AccessLogText, OfBytesThereIsNoHttp) {
  RequestRecord record;
  record.start = *parseTime("2026-11-22T18:04:05Z");
  record.duration = seconds(2);
  record.bytesReceived = 5;
  record.bytesSent = 9;
  record.upstream = address("10.244.1.3", 5432);
  record.cluster = "outbound|5432||db.default.svc.cluster.local";
  record.downstreamLocal = address("10.96.0.8", 5432);
  record.downstreamRemote = address("10.244.0.5", 50000);
  EXPECT_EQ(line(AccessLogFormat::text(), record),
            "[2026-11-22T18:04:05.000Z] \"- - -\" 0 - - - \"-\" 5 9 2000 - \"-\" \"-\" \"-\" \"-\" "
            "\"10.244.1.3:5432\" outbound|5432||db.default.svc.cluster.local - 10.96.0.8:5432 "
            "10.244.0.5:50000 - -\n");
}

TEST(AccessLogText, NothingFromOutsideForgesALine) {
  RequestRecord record = request();
  record.userAgent = "x\" 200 - \"\n[2026-11-22T00:00:00.000Z] \"GET / HTTP/1.1\"";
  record.serverName = "a b";
  const std::string text = line(AccessLogFormat::text(), record);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, HasSubstr("\"x\\\" 200 - \\\"\\x0a[2026"));
  EXPECT_THAT(text, HasSubstr(" a_b default/web/0\n")) << "words can be counted";
}

TEST(AccessLogJson, HasIstiosKeysAndOurs) {
  const auto json = boost::json::parse(line(AccessLogFormat::json(), request())).as_object();
  const auto text = [&](const char* key) { return std::string(json.at(key).as_string()); };
  EXPECT_EQ(text("start_time"), "2026-11-22T18:04:05.006Z");
  EXPECT_EQ(text("method"), "GET");
  EXPECT_EQ(json.at("response_code").to_number<int>(), 503);
  EXPECT_EQ(text("response_flags"), "UC,URX");
  EXPECT_EQ(text("upstream_service_time"), "12") << "a header, so a string";
  EXPECT_EQ(json.at("duration").to_number<int>(), 1234);
  EXPECT_TRUE(json.at("requested_server_name").is_null());
  EXPECT_EQ(text("upstream_pod"), "default/web-1");
  EXPECT_EQ(json.at("attempts").to_number<int>(), 2);
  EXPECT_EQ(text("replays"), "never-acknowledged");
  EXPECT_EQ(text("not_replayed"), "budget-used-up");
  for (const char* key :
       {"path", "protocol", "response_code_details", "connection_termination_details",
        "upstream_transport_failure_reason", "bytes_received", "bytes_sent", "x_forwarded_for",
        "user_agent", "request_id", "authority", "upstream_host", "upstream_cluster",
        "upstream_local_address", "downstream_local_address", "downstream_remote_address",
        "route_name", "grpc_status"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json.size(), 29U);
}

TEST(AccessLogFormats, AreEnvoys) {
  const auto written = [](std::string_view format) {
    const auto made = AccessLogFormat::parse(format);
    return made ? line(*made, request()) : made.error().text();
  };
  EXPECT_EQ(written("%REQ(:METHOD)% 100%% %REQ(user-agent):4%"), "GET 100% curl\n");
  EXPECT_EQ(written(""), "\n");
  EXPECT_EQ(written("%GRPC_STATUS_NUMBER%\n"), "-\n");
  EXPECT_THAT(written("%DURATION"), HasSubstr("\"%DURATION\" has no closing %"));
  EXPECT_THAT(written("%REQ(COOKIE)%"), HasSubstr("there is no %REQ(COOKIE)%"));
  EXPECT_THAT(written("%REQ(USER-AGENT):x%"), HasSubstr("a number of bytes is expected"));
}

TEST(AccessLogFields, HaveNamesOfTheirOwn) {
  std::set<std::string_view> commands;
  std::set<std::string_view> keys;
  for (const LogField& field : logFields()) {
    EXPECT_TRUE(commands.insert(field.command).second) << field.command;
    EXPECT_TRUE(field.key.empty() || keys.insert(field.key).second) << field.key;
    EXPECT_EQ(field.key.empty(), field.meaning.empty()) << field.command;
  }
}

TEST(AccessLogFlags, AreNamed) {
  EXPECT_EQ(flagNames(0), "-");
  EXPECT_EQ(flagNames(Flags{} | Flag::kNoHealthyUpstream), "UH");
  Flags all = 0;
  for (const FlagName& row : flagTable()) {
    EXPECT_FALSE(has(all, row.flag)) << row.name;
    all = all | row.flag;
  }
  EXPECT_EQ(all, 0xffffU) << "every flag has a row";
  EXPECT_EQ(flagNames(all), "UH,UT,LR,UR,UF,UC,UO,NR,DC,URX,SI,DPE,UMSDR,DT,UPE,NC");
}

/// Whatever a client sends, a line is a line, its quotes pair, and its JSON is JSON.
RC_GTEST_PROP(AccessLogProperty, AnyBytesGiveOneLine,
              (const std::string& path, const std::string& agent, const std::string& name)) {
  RequestRecord record = request();
  record.path = path;
  record.userAgent = agent;
  record.serverName = name;
  record.replays.assign(100, ReplayReason::kNeverAcknowledged);
  for (const AccessLogFormat& format : {AccessLogFormat::text(), AccessLogFormat::json()}) {
    const std::string text = line(format, record);
    RC_ASSERT(std::count(text.begin(), text.end(), '\n') == 1);
    RC_ASSERT(text.back() == '\n');
  }
  boost::json::error_code error;
  boost::json::parse(line(AccessLogFormat::json(), record), error);
  RC_ASSERT(!error);
}

}  // namespace
}  // namespace hitless::proxy
