#include "sys/doctor/undo_file.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "testing/temp_folder.h"

namespace hitless::sys {
namespace {

using doctor::UndoEntry;
using ::testing::HasSubstr;

TEST(UndoFile, KeepsEntriesInOrderForItsOwnerOnly) {
  const testing::TempFolder folder;
  UndoFile file(folder.path() / "undo");
  EXPECT_FALSE(file.made());
  ASSERT_TRUE(file.record({"sysctl", {{"name", "a"}}}));
  ASSERT_TRUE(file.record({"nft", {{"rules", 3}}}));
  EXPECT_TRUE(file.made());
  struct stat about {};
  ASSERT_EQ(::stat(file.path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  const auto entries = readUndoFile(file.path());
  ASSERT_TRUE(entries) << entries.error().text();
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].repairer, "sysctl");
  EXPECT_EQ((*entries)[1].before.at("rules"), 3);
}

TEST(UndoFile, NeverReplacesAFile) {
  const testing::TempFolder folder;
  UndoFile file(folder.write("undo", "something else"));
  EXPECT_THAT(file.record({"sysctl", {}}).error().text(), HasSubstr("File exists"));
}

TEST(UndoFile, AFullDiskIsSaidAndLeavesNothingBehind) {
  // A file may not grow here, which is what a full disk looks like to who writes.
  const testing::TempFolder folder;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit none{0, before.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  UndoFile file(folder.path() / "undo");
  const Status recorded = file.record({"sysctl", {}});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(recorded);
  EXPECT_THAT(recorded.error().text(), HasSubstr("undo"));
  EXPECT_FALSE(file.made());
  EXPECT_FALSE(std::filesystem::exists(file.path()));
}

TEST(UndoFile, LeavesOutAnEntryThatWasCutShortAndNamesABrokenLine) {
  const testing::TempFolder folder;
  UndoFile file(folder.path() / "undo");
  ASSERT_TRUE(file.record({"sysctl", {}}));
  std::ofstream(file.path(), std::ios::app) << "{\"repairer\":\"n";
  EXPECT_EQ(readUndoFile(file.path())->size(), 1U);
  std::ofstream(file.path(), std::ios::app) << "\n";
  EXPECT_THAT(readUndoFile(file.path()).error().text(), HasSubstr("undo:3: is no line"));
}

TEST(UndoFile, RefusesAnotherHostsAndWhatIsNone) {
  const testing::TempFolder folder;
  const std::string other = folder.write("other", "{\"hitlessDoctorUndo\":1,\"host\":\"else\"}\n");
  EXPECT_THAT(readUndoFile(other).error().text(), HasSubstr("is of host else"));
  EXPECT_FALSE(readUndoFile(folder.write("empty", "")));
  EXPECT_FALSE(readUndoFile(folder.write("json", "{}\n")));
}

}  // namespace
}  // namespace hitless::sys
