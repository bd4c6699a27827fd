// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "namespace.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cxl.h"
#include "sysfs.h"

#define ND "/sys/bus/nd/"

/* Fixed, so that the information block does not differ from boot to boot. */
#define NAMESPACE_UUID "706d656d-346a-4000-8000-000000000001"

struct dax_device {
	char pfn[64];   /* pfn0.0 */
	char block[64]; /* pmem0 */
};

/* A pfn device that drives a block device is a live fsdax namespace. */
static bool find_live(struct dax_device *out)
{
	DIR *d = opendir(ND "devices");
	bool found = false;

	if (!d)
		return false;
	for (struct dirent *e; !found && (e = readdir(d));) {
		char path[320];

		if (strncmp(e->d_name, "pfn", 3) || strlen(e->d_name) >= sizeof(out->pfn))
			continue;
		snprintf(path, sizeof(path), ND "devices/%s/block", e->d_name);
		snprintf(out->pfn, sizeof(out->pfn), "%s", e->d_name);
		found = sysfs_first(path, "pmem", out->block, sizeof(out->block));
	}
	closedir(d);
	return found;
}

static bool make(struct dax_device *out, struct bytes *lines)
{
	char namespace[64], seed[64], path[256];

	if (!cxl_make_region(lines))
		return false;
	if (!sysfs_first(ND "devices", "namespace", namespace, sizeof(namespace)) ||
	    !sysfs_first(ND "devices", "pfn", seed, sizeof(seed))) {
		bytes_text(lines, "dax_error=no NVDIMM namespace in " ND "devices\n");
		return false;
	}
	const struct {
		const char *attribute;
		const char *value;
	} steps[] = {
		{ "uuid", NAMESPACE_UUID },
		{ "mode", "ram" },
		{ "align", "2097152" },
		{ "namespace", namespace },
	};

	/* The raw driver holds the namespace until told otherwise; ENODEV: it does not. */
	snprintf(path, sizeof(path), ND "devices/%s/driver/unbind", namespace);
	if (sysfs_write(path, namespace) < 0 && errno != ENODEV && errno != ENOENT) {
		bytes_text(lines, "dax_error=%s: %s\n", path, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		snprintf(path, sizeof(path), ND "devices/%s/%s", seed, steps[i].attribute);
		if (sysfs_write(path, steps[i].value) < 0) {
			bytes_text(lines, "dax_error=%s: %s\n", path, strerror(errno));
			return false;
		}
	}
	if (sysfs_write(ND "drivers/nd_pmem/bind", seed) < 0) {
		bytes_text(lines, "dax_error=binding %s to nd_pmem: %s\n", seed, strerror(errno));
		/* A read-only region takes no info block; the raw device is there again. */
		snprintf(path, sizeof(path), ND "devices/%s/namespace", seed);
		if (sysfs_write(path, "\n") < 0 ||
		    sysfs_write(ND "drivers/nd_pmem/bind", namespace) < 0)
			fprintf(stderr, "agent: %s has no driver: %s\n", namespace, strerror(errno));
		return false;
	}
	if (!find_live(out)) {
		bytes_text(lines, "dax_error=%s is bound but drives no block device\n", seed);
		return false;
	}
	return true;
}

void namespace_describe(struct bytes *lines)
{
	struct dax_device device;
	char path[256], resource[64] = "", sectors[64] = "";

	if (!find_live(&device) && !make(&device, lines))
		return;
	snprintf(path, sizeof(path), ND "devices/%s/resource", device.pfn);
	sysfs_read(path, resource, sizeof(resource));
	snprintf(path, sizeof(path), "/sys/block/%s/size", device.block);
	sysfs_read(path, sectors, sizeof(sectors));
	unsigned long long count = 0;

	sscanf(sectors, "%llu", &count);
	bytes_text(lines, "device=/dev/%s\nnamespace=%s\nresource=%s\nsize=%llu\n", device.block,
		   device.pfn, resource, count * 512);
}
