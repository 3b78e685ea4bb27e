#include "core/doctor/page.h"

#include <gmock/gmock.h>

#include <regex>
#include <set>

#include "testing/page.h"

namespace hitless::doctor {
namespace {

TEST(DoctorPage, ListsEveryCheckAsTheChecksHaveIt) {
  testing::expectPagePart("doctor.md", "checks", renderCatalogue(checks()));
}

TEST(DoctorPage, SaysForEachCheckWhatAPersonNeeds) {
  std::set<std::string_view> ids;
  for (const Check* check : checks()) {
    SCOPED_TRACE(check->id);
    EXPECT_TRUE(ids.insert(check->id).second) << "two checks of one id";
    EXPECT_TRUE(std::regex_match(std::string(check->id), std::regex("[a-z0-9]+(-[a-z0-9]+)*")));
    EXPECT_FALSE(check->title.empty());
    EXPECT_FALSE(check->wants.empty());
    EXPECT_FALSE(check->page.fault.empty());
    EXPECT_FALSE(check->page.evidence.empty());
    EXPECT_FALSE(check->page.consequence.empty());
    EXPECT_FALSE(check->page.repair.empty());
  }
  EXPECT_FALSE(ids.empty());
}

TEST(DoctorPage, NothingIsWrongWithANodeOfWhichNothingIsKnown) {
  Evidence nothing;
  nothing.samples.resize(1);
  for (const Check* check : checks()) {
    EXPECT_TRUE(check->run(nothing).empty()) << check->id;
  }
}

/// Evidence comes from outside: whatever it holds, no check may stumble over it.
TEST(DoctorPage, NoCheckStumblesOverWhatItCannotRead) {
  for (const std::string text :
       {"", "\n", "garbage", "{", "[{}]", "[1]", "-1", "99999999999999999999", "*filter\n-A X",
        "a b c\n1 2 3\n", "\xff\xfe"}) {
    Evidence evidence;
    evidence.samples.resize(2);
    for (const Check* check : checks()) {
      for (const Want& want : check->wants) {
        std::string name(want.name);
        std::replace(name.begin(), name.end(), '*', 'x');
        evidence.samples[0].files[name] = evidence.samples[1].files[name] = text;
      }
    }
    for (const Check* check : checks()) {
      (void)check->run(evidence);
    }
  }
}

}  // namespace
}  // namespace hitless::doctor
