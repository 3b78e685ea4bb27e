#include "core/proxy/drain/mode.h"

#include <gtest/gtest.h>

#include <map>

namespace hitless::proxy {
namespace {

using Kind = DrainMode::Kind;
using Variables = std::map<std::string, std::string>;

Environment of(const Variables& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(DrainModeText, IsReadAndWritten) {
  EXPECT_EQ(parseDrainMode("requests"), DrainMode{});
  EXPECT_EQ(parseDrainMode("fixed:5s"), (DrainMode{Kind::kFixed, seconds(5)}));
  EXPECT_EQ(parseDrainMode("fixed"), (DrainMode{Kind::kFixed, seconds(5)}));
  EXPECT_EQ(parseDrainMode("zero-connections"), (DrainMode{Kind::kZeroConnections, seconds(5)}));
  EXPECT_EQ(parseDrainMode("zero-connections:0s"), (DrainMode{Kind::kZeroConnections, seconds(0)}));
  for (const char* written : {"requests", "fixed:90s", "fixed:300ms", "zero-connections:7s"}) {
    const auto mode = parseDrainMode(written);
    ASSERT_TRUE(mode) << written;
    EXPECT_EQ(text(*mode), written);
  }
}

TEST(DrainModeText, RefusesWhatIsNone) {
  for (const char* wrong : {"", "fix", "fixed:", "fixed:5", "fixed:-5s", "requests:5s",
                            "zero-connections:x", "FIXED"}) {
    EXPECT_FALSE(parseDrainMode(wrong)) << wrong;
  }
  EXPECT_NE(parseDrainMode("drain").error().text().find("\"fixed:5s\""), std::string::npos);
}

TEST(DrainEnvironment, NothingSetMeansRequests) {
  const auto settings = drainSettings(of({}));
  ASSERT_TRUE(settings);
  EXPECT_EQ(*settings, DrainSettings{});
}

struct Case {
  Variables variables;
  std::string mode;
};

class DrainEnvironmentMode : public ::testing::TestWithParam<Case> {};

TEST_P(DrainEnvironmentMode, IsPilotAgents) {
  const auto settings = drainSettings(of(GetParam().variables));
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_EQ(text(settings->mode), GetParam().mode);
}

INSTANTIATE_TEST_SUITE_P(
    Variables, DrainEnvironmentMode,
    ::testing::Values(
        Case{{{"TERMINATION_DRAIN_DURATION", "30s"}}, "fixed:30s"},
        Case{{{"TERMINATION_DRAIN_DURATION_SECONDS", "12"}}, "fixed:12s"},
        Case{{{"PROXY_CONFIG", "{\"terminationDrainDuration\":\"8s\"}"}}, "fixed:8s"},
        Case{{{"PROXY_CONFIG", "concurrency: 2\nterminationDrainDuration: 9s\n"}}, "fixed:9s"},
        Case{{{"PROXY_CONFIG", "concurrency: 2\n"}}, "requests"},
        Case{{{"TERMINATION_DRAIN_DURATION", "30s"},
              {"PROXY_CONFIG", "terminationDrainDuration: 9s"}},
             "fixed:30s"},
        Case{{{"EXIT_ON_ZERO_ACTIVE_CONNECTIONS", "true"}}, "zero-connections:5s"},
        Case{{{"EXIT_ON_ZERO_ACTIVE_CONNECTIONS", "true"}, {"MINIMUM_DRAIN_DURATION", "11s"}},
             "zero-connections:11s"},
        Case{{{"EXIT_ON_ZERO_ACTIVE_CONNECTIONS", "true"}, {"TERMINATION_DRAIN_DURATION", "11s"}},
             "zero-connections:5s"},
        Case{{{"EXIT_ON_ZERO_ACTIVE_CONNECTIONS", "false"}}, "requests"},
        Case{{{"EXIT_ON_ZERO_ACTIVE_CONNECTIONS", ""}}, "requests"},
        Case{{{"MINIMUM_DRAIN_DURATION", "11s"}}, "requests"}));

TEST(DrainEnvironment, TakesTheGracePeriod) {
  EXPECT_EQ(drainSettings(of({{"TERMINATION_GRACE_PERIOD", "45"}}))->grace, seconds(45));
  EXPECT_EQ(drainSettings(of({{"TERMINATION_GRACE_PERIOD", "1m30s"}}))->grace, seconds(90));
}

TEST(DrainEnvironment, ErrorsNameTheVariable) {
  const auto error = [](const std::string& name, const std::string& value) {
    const auto settings = drainSettings(of({{name, value}}));
    return settings ? std::string("no error") : settings.error().text();
  };
  for (const char* name :
       {"TERMINATION_DRAIN_DURATION", "TERMINATION_DRAIN_DURATION_SECONDS",
        "MINIMUM_DRAIN_DURATION", "TERMINATION_GRACE_PERIOD", "EXIT_ON_ZERO_ACTIVE_CONNECTIONS"}) {
    const std::string text = error(name, "soon");
    EXPECT_NE(text.find(std::string("environment variable ") + name + ": \"soon\""),
              std::string::npos)
        << text;
  }
  EXPECT_NE(error("PROXY_CONFIG", "terminationDrainDuration: 5").find("terminationDrainDuration"),
            std::string::npos);
  EXPECT_NE(error("PROXY_CONFIG", "{a: [").find("PROXY_CONFIG"), std::string::npos);
  EXPECT_NE(error("TERMINATION_GRACE_PERIOD", "99999999999999999999").find("TERMINATION_GRACE"),
            std::string::npos);
}

}  // namespace
}  // namespace hitless::proxy
