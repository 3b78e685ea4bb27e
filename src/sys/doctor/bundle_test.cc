#include "sys/doctor/bundle.h"

#include <gmock/gmock.h>

#include <random>

#include "sys/files/files.h"
#include "testing/temp_folder.h"

namespace hitless::sys {
namespace {

using doctor::Evidence;

Evidence example() {
  Evidence evidence;
  evidence.host = "node-1";
  evidence.kernel = "6.18.0";
  evidence.taken = *parseTime("2026-11-22T03:00:00.25Z");
  evidence.samples.resize(2);
  evidence.samples[0].files = {{"proc/locks", "1: FLOCK\n"}, {"kernel/nft/chains.json", "[]"}};
  evidence.samples[1].at = std::chrono::milliseconds(250);
  evidence.samples[1].files = {{"proc/locks", ""}};
  evidence.unread = {{"proc/1/exe", "Permission denied"}};
  return evidence;
}

TEST(Bundle, HoldsAllThatWasCollected) {
  const testing::TempFolder folder;
  const std::string path = folder.path() / "out.tar.gz";
  ASSERT_TRUE(writeBundle(path, example()));
  const auto read = readBundle(path);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->host, "node-1");
  EXPECT_EQ(read->kernel, "6.18.0");
  EXPECT_EQ(read->taken, example().taken);
  EXPECT_EQ(read->unread, example().unread);
  ASSERT_EQ(read->samples.size(), 2U);
  EXPECT_EQ(read->samples[0].files, example().samples[0].files);
  EXPECT_EQ(read->samples[1].files, example().samples[1].files);
  EXPECT_EQ(read->span(), std::chrono::milliseconds(250));
}

TEST(Bundle, SaysWhyAFileIsNone) {
  const testing::TempFolder folder;
  const std::string path = folder.path() / "not-a-bundle";
  ASSERT_TRUE(writeFile(path, "*filter\nCOMMIT\n", 0600));
  const auto read = readBundle(path);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().text(), ::testing::HasSubstr(path));
  EXPECT_EQ(readBundle(folder.path() / "missing").error().kind, ErrorKind::kNotFound);
}

TEST(Bundle, SurvivesDamagedFiles) {
  const testing::TempFolder folder;
  const std::string path = folder.path() / "out.tar.gz";
  ASSERT_TRUE(writeBundle(path, example()));
  const std::string whole = *readFile(path);
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string damaged = whole.substr(0, random() % whole.size() + 1);
    damaged[random() % damaged.size()] = static_cast<char>(random());
    ASSERT_TRUE(writeFile(path, damaged, 0600));
    (void)readBundle(path);  // Either way is right, but for a crash.
  }
}

}  // namespace
}  // namespace hitless::sys
