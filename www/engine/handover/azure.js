/** What is set once for an account of Azure Storage, as the page that uploads and the sheet for the host say it. */

/**
 * How an account answers players that have no SAS by a version that knows ranges.
 * @param {string} account
 */
export const defaultVersion = (account) =>
  `az storage account blob-service-properties update --account-name ${account} --default-service-version 2020-10-02`;
